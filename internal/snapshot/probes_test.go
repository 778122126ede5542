package snapshot

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

// probeRun wraps one probe in a run.
func probeRun(probe string) string {
	return `{"schema":"dspreflight.probes/v1","taken_at":"2026-11-01T00:00:00Z","vantage":{"place":"agent-network","guessed":true,"addresses":["10.10.1.60"]},"connect_timeout_ms":3500,"probes":[` + probe + `]}`
}

const goodProbe = `{"purpose":"endpoint","addr":"10.20.1.10","port":443,"outcome":"open","tries":1,"elapsed_ms":1}`

func TestReadProbes(t *testing.T) {
	now := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	for _, good := range []string{probeRun(goodProbe), "[" + probeRun(goodProbe) + "," + probeRun("") + "]", probeRun(""), "\xef\xbb\xbf" + probeRun(goodProbe)} {
		if _, err := ReadProbes([]byte(good), now); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for bad, want := range map[string]string{
		"":                        "ends too early",
		"{}":                      "no \"schema\"",
		`{"matches":[]}`:          "no \"schema\"",
		probeRun(goodProbe)[:200]: "cut short",
		strings.Replace(probeRun(goodProbe), "probes/v1", "probes/v9", 1):                    "is not \"dspreflight.probes/v1\"",
		strings.Replace(probeRun(goodProbe), "2026-11-01", "2026-12-01", 1):                  "in the future",
		strings.Replace(probeRun(goodProbe), `"agent-network"`, `"the moon"`, 1):             "vantage",
		strings.Replace(probeRun(goodProbe), `"open"`, `"ajar"`, 1):                          "outcome",
		strings.Replace(probeRun(goodProbe), `"endpoint"`, `"fun"`, 1):                       "purpose",
		strings.Replace(probeRun(goodProbe), `"tries"`, `"tls":{"outcome":"OK"},"tries"`, 1): "tls.outcome",
		strings.Replace(probeRun(goodProbe), "443", "0", 1):                                  "port 0",
		strings.Replace(probeRun(goodProbe), "443", "70000", 1):                              "port",
		strings.Replace(probeRun(goodProbe), "10.20.1.10", "10.20.1", 1):                     "is not an IP address",
		strings.Replace(probeRun(goodProbe), "10.20.1.10", "fe80::1%eth0", 1):                "zone",
		strings.Replace(probeRun(goodProbe), `"addr":"10.20.1.10",`, "", 1):                  "no addr",
		strings.Replace(probeRun(goodProbe), `"taken_at":"2026-11-01T00:00:00Z",`, "", 1):    "taken_at",
	} {
		_, err := ReadProbes([]byte(bad), now)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.120s: %v, want %q", bad, err, want)
		}
		if ja := ErrorIn(err, "ja"); err != nil && ja == err.Error() {
			t.Errorf("no Japanese for %v", err)
		}
	}
}

func TestGuess(t *testing.T) {
	source, destination := []netip.Prefix{netip.MustParsePrefix("10.10.0.0/16")}, []netip.Prefix{netip.MustParsePrefix("10.20.0.0/16")}
	for addr, want := range map[string]VantagePlace{"10.10.3.4": AgentNetwork, "10.20.3.4": ActivationMachine, "192.168.1.2": Elsewhere, "2001:db8::1": Elsewhere} {
		if got := (Vantage{Addresses: []netip.Addr{netip.MustParseAddr(addr)}}).Guess(source, destination); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
}

func TestParseStorage(t *testing.T) {
	for text, want := range map[string]Storage{
		"nfs://10.1.2.3":             {Protocol: "nfs", Addr: netip.MustParseAddr("10.1.2.3"), Ports: []uint16{2049, 111}},
		"NFS://files.example/export": {Protocol: "nfs", Host: "files.example", Ports: []uint16{2049, 111}},
		"smb://win_01:4450/share":    {Protocol: "smb", Host: "win_01", Ports: []uint16{4450}},
		"smb://[2001:db8::5]:445":    {Protocol: "smb", Addr: netip.MustParseAddr("2001:db8::5"), Ports: []uint16{445}},
		"https://objects.example/b":  {Protocol: "https", Host: "objects.example", Ports: []uint16{443}},
		"http://10.1.2.3:9000":       {Protocol: "http", Addr: netip.MustParseAddr("10.1.2.3"), Ports: []uint16{9000}},
		"hdfs://namenode":            {Protocol: "hdfs", Host: "namenode", Ports: []uint16{8020}},
		"hdfs://datanode:50010":      {Protocol: "hdfs", Host: "datanode", Ports: []uint16{50010}},
		"kerberos://kdc.example":     {Protocol: "kerberos", Host: "kdc.example", Ports: []uint16{88}},
	} {
		got, err := ParseStorage(text)
		if err != nil || got.Host != want.Host || got.Addr != want.Addr || len(got.Ports) != len(want.Ports) || got.Ports[0] != want.Ports[0] || got.Protocol != want.Protocol {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, bad := range []string{"", "nfs://", "ftp://host", "nfs:host", "nfs", "10.1.2.3", "nfs://10.1.2", "nfs://host:0", "nfs://host:99999", "smb://-bad", "nfs://a b", "nfs://$(reboot)", "smb://fe80::1%eth0", "nfs://'x'", "nfs://localhost", "nfs://LOCALHOST.", "smb://a.localhost", "nfs://0x7f000001", "nfs://127.0x1", "nfs://0X7F.1"} {
		if got, err := ParseStorage(bad); err == nil {
			t.Errorf("%q was taken: %+v", bad, got)
		}
	}
}

func FuzzReadProbes(f *testing.F) {
	f.Add(probeRun(goodProbe))
	f.Add("[" + probeRun("") + "]")
	f.Fuzz(func(t *testing.T, text string) {
		runs, err := ReadProbes([]byte(text), time.Time{})
		for _, r := range runs {
			if err == nil && r.Schema != ProbeSchema {
				t.Errorf("a run of schema %q was taken", r.Schema)
			}
		}
	})
}
