package snapshot

import (
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/pattern"
)

// scopeFolder is one that holds the files of a scope.
type scopeFolder struct {
	dir   string
	files []commandFile
}

// commandFile is a file named after a command.
type commandFile struct {
	name string
	kind Kind
	id   string
}

// Passed is a file or folder that was not read, because its name says nothing.
type Passed struct {
	Path  string
	Meant string // the name that it may have been meant to have; "" if none is near
}

// deepest is how many levels down a folder is looked into, to tell that nobody
// reads what lies there.
const deepest = 4

// scopeFolders finds the folders of the scopes, and what is passed over beside
// them.
func scopeFolders(fsys fs.FS) ([]scopeFolder, []Passed, error) {
	root, subs, passed, err := listFolder(fsys, ".", []string{"manifest.json", "probes.json", "policies.json"})
	if err != nil {
		return nil, nil, err
	}
	var folders []scopeFolder
	if len(root.files) > 0 {
		folders = append(folders, root)
	}
	for _, dir := range subs {
		f, deeper, others, err := listFolder(fsys, dir, []string{"manifest.json"})
		if err != nil {
			return nil, nil, err
		}
		for _, d := range deeper {
			if found := evidenceBelow(fsys, d, deepest); found != "" {
				return nil, nil, Errorf("%s holds command output, deeper than it is looked for: put each account and Region in a sub-folder right below, and move other copies away", "%s にコマンドの出力があるが、読むのは 1 段下までである。アカウントとリージョンごとにすぐ下のサブフォルダーに置き、古いコピーなどは別の場所に移す", found)
			}
			others = append(others, Passed{Path: d + "/"})
		}
		if _, err := fs.Stat(fsys, path.Join(dir, "manifest.json")); len(f.files) == 0 && err != nil {
			if len(others) > 0 && !slices.ContainsFunc(others, func(p Passed) bool { return p.Meant != "" }) {
				others = []Passed{{Path: dir + "/"}}
			}
		} else {
			folders = append(folders, f)
		}
		passed = append(passed, others...)
	}
	switch {
	case len(folders) == 0:
		similar := ""
		for _, p := range passed {
			if p.Meant != "" {
				similar = p.Path
			}
		}
		if similar != "" {
			return nil, nil, Errorf("the folder holds no file named after an AWS CLI command, such as describe-vpc-endpoints.json, and no sub-folder that does; %s comes near", "describe-vpc-endpoints.json のような AWS CLI コマンド名のファイルが、フォルダーにもサブフォルダーにもない。近い名前は %s", similar)
		}
		return nil, nil, Errorf("the folder holds no file named after an AWS CLI command, such as describe-vpc-endpoints.json, and no sub-folder that does", "describe-vpc-endpoints.json のような AWS CLI コマンド名のファイルが、フォルダーにもサブフォルダーにもない")
	case len(folders) > 1 && folders[0].dir == ".":
		return nil, nil, Errorf("the folder holds command output itself and in sub-folders (%s): put each account and Region in a sub-folder of its own", "コマンドの出力がフォルダー直下とサブフォルダー（%s）の両方にある。アカウントとリージョンごとにサブフォルダーを分ける", listedFolders(folders[1:]))
	}
	return folders, passed, nil
}

func listedFolders(folders []scopeFolder) string {
	var names []string
	for _, f := range folders {
		names = append(names, f.dir)
	}
	return strings.Join(names, ", ")
}

// listFolder sorts what a folder holds: files of commands, sub-folders, and what
// is passed over. Files whose name begins with a dot are nobody's output.
func listFolder(fsys fs.FS, dir string, own []string) (f scopeFolder, subs []string, passed []Passed, err error) {
	f.dir = dir
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return f, nil, nil, Errorf("read the folder %s: %w", "フォルダー %s の読み取り: %w", dir, innermost(err))
	}
	for _, e := range entries {
		name, at := e.Name(), path.Join(dir, e.Name())
		if strings.HasPrefix(name, ".") || slices.Contains(own, name) {
			continue
		}
		if info, err := fs.Stat(fsys, at); err == nil && info.IsDir() { // a link to a folder is a folder
			subs = append(subs, at)
			continue
		}
		kind, id := parseName(name)
		if kind == NoKind {
			passed = append(passed, Passed{at, nearest(name)})
			continue
		}
		if err := saneName(at, kind, id); err != nil {
			return f, nil, nil, err
		}
		if !kind.PerID() {
			id = ""
		}
		for _, o := range f.files {
			if o.kind == kind && o.id == id {
				return f, nil, nil, Errorf("%s and %s are both output of %s: keep one in this folder, and give each account and Region a folder of its own", "%s と %s はどちらも %s の出力である。フォルダーには 1 つだけ残し、アカウントとリージョンごとにフォルダーを分ける", path.Join(dir, o.name), name, kind.Command())
			}
		}
		f.files = append(f.files, commandFile{name, kind, id})
	}
	return f, subs, passed, nil
}

// evidenceBelow finds a folder that holds the output of a command, so many levels
// down.
func evidenceBelow(fsys fs.FS, dir string, levels int) string {
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return ""
	}
	for _, e := range entries {
		if kind, _ := parseName(e.Name()); kind != NoKind {
			return dir
		}
	}
	for _, e := range entries {
		if !e.IsDir() || levels == 0 || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if found := evidenceBelow(fsys, path.Join(dir, e.Name()), levels-1); found != "" {
			return found
		}
	}
	return ""
}

// parseName splits "command.json" and "command.id.json".
func parseName(name string) (Kind, string) {
	stem, ok := strings.CutSuffix(name, ".json")
	if !ok {
		return NoKind, ""
	}
	command, id, _ := strings.Cut(stem, ".")
	if plain, err := url.PathUnescape(id); err == nil {
		id = plain // as FileName escapes it
	}
	return KindOf(command), id
}

// ids are the resources that the calls about one of them take. A simulation has
// two, of dspreflight's own naming.
var ids = map[Kind]*pattern.Pattern{
	SubnetCIDRReservations:     pattern.New(`^subnet-[0-9a-z]+$`),
	PrefixListEntries:          pattern.New(`^pl-[0-9a-z]+$`),
	TransitGatewayAssociations: pattern.New(`^tgw-rtb-[0-9a-z]+$`),
	TransitGatewayPropagations: pattern.New(`^tgw-rtb-[0-9a-z]+$`),
	TransitGatewayRoutes:       pattern.New(`^tgw-rtb-[0-9a-z]+$`),
	CommandOutputs:             pattern.New(`^m?i-[0-9a-z]+$`),
	PolicySimulation:           pattern.New(`^(` + AnyResource + `|` + AccountResource + `)$`),
	AgentDetails:               pattern.New(`^agent-[0-9a-z]+$`),
	TaskDetails:                pattern.New(`^task-[0-9a-z]+$`),
	LocationsNFS:               locationID,
	LocationsSMB:               locationID,
	LocationsHDFS:              locationID,
	LocationsObjectStorage:     locationID,
	LocationsAzureBlob:         locationID,
}

var locationID = pattern.New(`^loc-[0-9a-z]+$`)

// CanBeAbout reports whether a text is the id of what the calls of a kind are about.
func CanBeAbout(k Kind, id string) bool { return ids[k] == nil || ids[k].Re().MatchString(id) }

func saneName(file string, k Kind, id string) error {
	switch {
	case !k.PerID():
		return nil
	case id == "":
		return Errorf("%s: the name lacks the resource: call it %s.<id>.json", "%s: ファイル名にリソース ID がない。%s.<id>.json とする", file, k.Command())
	case !CanBeAbout(k, id):
		return Errorf("%s: %q is not the id of what the command is about: call it %s.<id>.json, one file each", "%s: %q はこのコマンドの対象の ID ではない。1 つにつき 1 ファイル、%s.<id>.json とする", file, id, k.Command())
	}
	return nil
}

// nearest is the name that a file may have been meant to have.
func nearest(name string) string {
	stem, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(name, "_", "-")), ".")
	for _, prefix := range []string{"aws-", "ec2-", "sts-", "iam-"} {
		stem = strings.TrimPrefix(stem, prefix)
	}
	best, least := "", len(stem)/4+1
	for _, k := range Kinds() {
		if d := distance(stem, k.Command()); d < least {
			best, least = sampleName(k), d
		}
	}
	return best
}

// sampleName is the name of a file, with "<id>" for the resource of a call about one.
func sampleName(k Kind) string {
	if k.PerID() {
		return k.Command() + ".<id>.json"
	}
	return k.Command() + ".json"
}

// distance is the number of letters to insert, delete or replace to turn one
// word into the other (Levenshtein's).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			corner, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, corner+cost)
		}
	}
	return row[len(b)]
}
