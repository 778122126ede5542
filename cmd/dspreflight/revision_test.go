package main

import "testing"

func TestRevision(t *testing.T) {
	for _, name := range []string{"GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_SHA", "GITHUB_REF_NAME", "CI_PROJECT_URL", "CI_COMMIT_SHA", "CI_COMMIT_REF_NAME"} {
		t.Setenv(name, "")
	}
	if r := revision(); r.Repository != "" {
		t.Errorf("outside CI: %+v", r)
	}
	t.Setenv("CI_PROJECT_URL", "https://user:secret@gitlab.example/a/b?token=x")
	t.Setenv("CI_COMMIT_SHA", "0a1b")
	if r := revision(); r.Repository != "https://gitlab.example/a/b" || r.Commit != "0a1b" {
		t.Errorf("GitLab: %+v", r)
	}
	t.Setenv("GITHUB_SERVER_URL", "https://github.example")
	t.Setenv("GITHUB_REPOSITORY", "o/r")
	t.Setenv("GITHUB_SHA", "2c3d")
	if r := revision(); r.Repository != "https://github.example/o/r" || r.Commit != "2c3d" {
		t.Errorf("GitHub: %+v", r)
	}
}
