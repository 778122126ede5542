package main

import (
	"net/url"
	"os"

	"github.com/dspreflight/dspreflight/report"
)

// revision is what the environment of GitHub Actions or GitLab CI says of the commit
// that a run is about; none elsewhere.
// Source: https://docs.github.com/actions/reference/workflows-and-actions/variables
// and https://docs.gitlab.com/ci/variables/predefined_variables/
func revision() report.Revision {
	if server, repository := os.Getenv("GITHUB_SERVER_URL"), os.Getenv("GITHUB_REPOSITORY"); server != "" && repository != "" {
		return revisionOf(server+"/"+repository, os.Getenv("GITHUB_SHA"), os.Getenv("GITHUB_REF_NAME"))
	}
	return revisionOf(os.Getenv("CI_PROJECT_URL"), os.Getenv("CI_COMMIT_SHA"), os.Getenv("CI_COMMIT_REF_NAME"))
}

// revisionOf keeps what is an address on the web, without what may be a password.
func revisionOf(repository, commit, branch string) report.Revision {
	u, err := url.Parse(repository)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return report.Revision{}
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return report.Revision{Repository: u.String(), Commit: report.Harmless(commit), Branch: report.Harmless(branch)}
}
