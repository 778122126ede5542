package audit

import (
	"time"

	"github.com/dspreflight/dspreflight/internal/collect"
	"github.com/dspreflight/dspreflight/internal/files"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/probe"
	"github.com/dspreflight/dspreflight/report"
)

// Options are what a run is asked for: flags and environment as plain values, each by
// itself as it may be. What the files among them say is not read yet.
type Options struct {
	Lang     string // en or ja
	Version  string
	Revision report.Revision

	Said       snapshot.Target          // what flags and environment say of every target
	Origin     func(flag string) string // how it was given, of those that Said has
	ConfigFile string                   // of targets and scopes
	Access     Access                   // to both sides
	Network    collect.Account          // another account that the way leads through

	AgentARNs     []string
	Audit         snapshot.Audit // whatever agents and endpoints there are
	Organization  bool           // in every account of it
	RoleName      string         // to assume there
	KeepDocuments bool           // the evidence is written again, word for word

	Snapshot       string // a folder of files
	Complete       bool   // they are whole and unfiltered
	Fixture        string
	PolicyFiles    []string
	PolicyIdentity string
	Probes         []string // files
	Command        string   // of Systems Manager, whose outputs are probes

	NoProbe        bool
	Vantage        snapshot.VantagePlace // "": to be guessed
	ConnectTimeout time.Duration
	Rule           probe.Rule // which addresses may be dialled

	Plans         []string
	Templates     []string
	Parameters    []string
	Deployed      []string // templates, one for each of Templates; or none
	Stack         string
	NewStack      bool
	PlanOnly      bool
	Configuration string // the folder of a plan's *.tf files
	Gate          report.Gate

	Checks, Skip []string // globs
	ChecksFile   string   // of the user's own
	Accept       []string
	WaiversFile  string
	FailOn       report.FailOn

	Save    string // a folder to write the evidence to
	Redact  bool
	KeyFile string // of the names that stand for what is redacted

	Timeout     time.Duration
	Concurrency int
	Debug       bool
}

// Access is with which credentials both sides of a target are looked at.
type Access struct {
	Profile       string `yaml:"profile"`
	RoleARN       string `yaml:"role-arn"`
	SourceProfile string `yaml:"source-profile"`
	SourceRoleARN string `yaml:"source-role-arn"`
}

func (a Access) destination() collect.Account {
	return collect.Account{Profile: a.Profile, RoleARN: a.RoleARN}
}

func (a Access) source() collect.Account {
	return collect.Account{Profile: a.SourceProfile, RoleARN: a.SourceRoleARN}
}

// AsksAWS reports whether the evidence comes from AWS, and not from files.
func (o Options) AsksAWS() bool { return o.Snapshot == "" && o.Fixture == "" && !o.PlanOnly }

// Planned reports whether changes are to be judged, not only what there is.
func (o Options) Planned() bool { return len(o.Plans) > 0 || len(o.Templates) > 0 }

// Patience is how long a pipe may take.
func (o Options) Patience() time.Duration {
	if o.Timeout > 0 {
		return o.Timeout
	}
	return files.Patience
}
