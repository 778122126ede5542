package checks_test

import (
	"context"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/dspreflight/dspreflight/checks"
	"github.com/dspreflight/dspreflight/internal/snapshot"
	"github.com/dspreflight/dspreflight/internal/tier"
)

// TestKeyRequests builds requests out of good and bad parts. Only one that is
// right in every part, each given once, passes; one that is wrong in a part that
// nothing leaves open fails.
func TestKeyRequests(t *testing.T) {
	target, snap := openFixture(t, "healthy")
	hosts := map[string]checks.Status{
		"10.10.1.50": checks.Pass, "10.10.1.50:80": checks.Pass, "ip-10-10-1-50.ap-northeast-1.compute.internal": checks.Pass,
		"10.20.1.10": checks.Fail, "10.10.1.50:8080": checks.Fail, "10.10.1.50:443": checks.Fail,
		"10.10.9.99": checks.Unknown, "203.0.113.7": checks.Unknown, "localhost:8080": checks.Unknown, "127.0.0.1": checks.Unknown, "agent.example.com": checks.Unknown, "[2001:db8::1]": checks.Unknown,
	}
	known := slices.Sorted(maps.Keys(hosts))
	good := map[string]string{"gatewayType": "SYNC", "activationRegion": "us-east-1", "endpointType": "PRIVATE_LINK", "privateLinkEndpoint": "10.20.1.10"}
	bad := map[string][]string{"gatewayType": {"VTL", ""}, "activationRegion": {"eu-west-1", ""}, "endpointType": {"PUBLIC", "private_link", "FIPS_PRIVATE_LINK"}, "privateLinkEndpoint": {"10.20.9.9", "10.10.1.50", "name.example.com", ""}}
	names := []string{"gatewayType", "activationRegion", "endpointType", "privateLinkEndpoint"}
	rng := rand.New(rand.NewPCG(8, 1))
	seen := map[checks.Status]int{}
	for range 600 {
		want := checks.Pass
		weigh := func(s checks.Status) {
			if s == checks.Fail || want == checks.Pass {
				want = s
			}
		}
		host := "10.10.1.50"
		if rng.IntN(3) == 0 {
			host = known[rng.IntN(len(known))]
			weigh(hosts[host])
		}
		var parts []string
		typeFails := false
		for _, name := range names {
			wrong := bad[name][rng.IntN(len(bad[name]))]
			again := name
			if rng.IntN(3) == 0 {
				again = strings.ToUpper(name)
			}
			switch rng.IntN(10) {
			case 9: // the name alone as AWS does not write it
				parts = append(parts, strings.ToLower(name)+"="+good[name])
				if name != "privateLinkEndpoint" || !typeFails {
					weigh(checks.Unknown)
				}
				typeFails = typeFails || name == "endpointType"
			case 8: // as AWS does not write it
				parts = append(parts, name+"="+strings.ToUpper(good[name]))
				if name == "activationRegion" {
					weigh(checks.Unknown)
				}
			case 0: // wrong
				parts = append(parts, name+"="+wrong)
				if name != "privateLinkEndpoint" || !typeFails {
					weigh(checks.Fail)
				}
				typeFails = typeFails || name == "endpointType"
			case 1: // twice, one of them wrong
				pair := []string{name + "=" + good[name], again + "=" + wrong}
				rng.Shuffle(2, func(i, j int) { pair[i], pair[j] = pair[j], pair[i] })
				parts = append(parts, pair...)
				if name != "privateLinkEndpoint" || !typeFails {
					weigh(checks.Unknown)
				}
				typeFails = typeFails || name == "endpointType"
			default:
				parts = append(parts, name+"="+good[name])
			}
		}
		rng.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		target.KeyRequest = "http://" + host + "/?" + strings.Join(parts, "&") + "&no_redirect"
		got := checks.Run(context.Background(), target, snap, []*checks.Check{checks.ByID("activation-input")}, checks.Options{})[0].Status
		if got != want {
			t.Errorf("%s: %v, want %v", target.KeyRequest, got, want)
		}
		seen[got]++
	}
	if len(seen) != 3 || seen[checks.Pass] < 50 {
		t.Errorf("the requests are all alike: %v", seen)
	}
}

// TestWhomTheKeyIsAskedOf: no name and no address that the agent can't have proves that
// the request goes to it, wherever the agent is, and only what was read whole proves
// anything.
func TestWhomTheKeyIsAskedOf(t *testing.T) {
	const query = "gatewayType=SYNC&activationRegion=us-east-1&endpointType=PRIVATE_LINK&privateLinkEndpoint=10.20.1.10&no_redirect"
	for estate, hosts := range map[string]map[string]checks.Status{
		"on-premises": {
			"192.168.10.50": checks.Pass, "192.168.10.50:080": checks.Pass, "192.168.10.50:0": checks.Fail, "10.20.1.10": checks.Fail, "[::ffff:10.20.1.10]": checks.Fail,
			"vpce-0a1b2c3d4e5f60718-abcd.datasync.us-east-1.vpce.amazonaws.com": checks.Unknown, "datasync.us-east-1.amazonaws.com": checks.Unknown,
			"192.168.10.51": checks.Pass, "10.20.1.77": checks.Unknown, "127.0.0.1": checks.Unknown, "localhost": checks.Unknown, "169.254.169.254": checks.Unknown, "agent.example.com": checks.Unknown,
		},
		"healthy": {
			"10.10.1.50:0080": checks.Pass, "ip-10-10-1-50.ap-northeast-1.compute.internal": checks.Pass,
			"ip-10-10-1-50.eu-west-1.compute.internal": checks.Unknown, "ip-10-10-1-50.ec2.internal": checks.Unknown,
		},
	} {
		target, snap := openFixture(t, estate)
		for host, want := range hosts {
			target.KeyRequest = "http://" + host + "/?" + query
			if got := checks.Run(context.Background(), target, snap, []*checks.Check{checks.ByID("activation-input")}, checks.Options{})[0].Status; got != want {
				t.Errorf("%s, %s: %v, want %v", estate, host, got, want)
			}
		}
	}
	target, snap := openFixture(t, "healthy")
	for _, unread := range []string{"&activationRegion=%zz", "&x=1;activationRegion=eu-west-1", "&%"} {
		target.KeyRequest = "http://10.10.1.50/?" + query + unread
		if got := checks.Run(context.Background(), target, snap, []*checks.Check{checks.ByID("activation-input")}, checks.Options{})[0].Status; got != checks.Unknown {
			t.Errorf("%s: %v", unread, got)
		}
	}
}

// TestAddressWithZeros: numbers with leading zeros may be read as the address that is due,
// in decimal or in octal; what is it in neither is not.
func TestAddressWithZeros(t *testing.T) {
	target, snap := openFixture(t, "healthy")
	for address, want := range map[string]checks.Status{
		"10.20.1.10": checks.Pass, "010.020.001.010": checks.Unknown, "10.20.01.10": checks.Unknown, "012.024.1.012": checks.Unknown,
		"010.020.001.011": checks.Fail, "0xa.20.1.10": checks.Fail, "10.20.1": checks.Fail, "0010.20.1.10": checks.Fail,
	} {
		target.KeyRequest = "http://10.10.1.50/?gatewayType=SYNC&activationRegion=us-east-1&endpointType=PRIVATE_LINK&privateLinkEndpoint=" + address
		if got := checks.Run(context.Background(), target, snap, []*checks.Check{checks.ByID("activation-input")}, checks.Options{})[0].Status; got != want {
			t.Errorf("%s: %v, want %v", address, got, want)
		}
	}
}

// TestPlaceholderKeys: what people write in place of a key is none; a random one
// is.
func TestPlaceholderKeys(t *testing.T) {
	for _, key := range []string{
		"XXXXX-XXXXX-XXXXX-XXXXX-XXXXX", "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE", "11111-22222-33333-44444-55555", "ABCDE-FGHIJ-KLMNO-PQRST-UVWXY",
		"12345-67890-12345-67890-12345", "A1B2C-A1B2C-A1B2C-A1B2C-A1B2C", "EXAMP-LE7K2-9QWZ3-X8LMN-4PRT5", "00000-00000-00000-00000-00000", "ABCDE-12345-FGHIJ-67890-KLMNO",
	} {
		if got := checks.KeyShape(key); got != "placeholder" {
			t.Errorf("%s is %q", key, got)
		}
	}
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	rng := rand.New(rand.NewPCG(5, 25))
	for range tier.Size(200000) {
		var b strings.Builder
		for i := range 29 {
			if i%6 == 5 {
				b.WriteByte('-')
			} else {
				b.WriteByte(letters[rng.IntN(len(letters))])
			}
		}
		if got := checks.KeyShape(b.String()); got != "ok" {
			t.Fatalf("a random key, %s, is %q", b.String(), got)
		}
	}
	if got := checks.KeyShape("F0EFT-7FPPR-GG7MC-3I9R3-27DOH"); got != "ok" { // the user guide's sample
		t.Errorf("the sample of the user guide is %q", got)
	}
}

// TestTargetsShareASubnet: the tasks of all targets of a run count where they are
// sure to use one subnet, and leave it open where they may.
func TestTargetsShareASubnet(t *testing.T) {
	target, snap := openFixture(t, "healthy")
	free := func(n int) *snapshot.Snapshot {
		out := *snap
		out.Scopes = nil
		for _, s := range snap.Scopes {
			c := *s
			if s.Has(snapshot.Destination) {
				row, _ := s.Subnets.Get(target.SubnetID)
				row.FreeIPs = &n
				c.Subnets.Put(row)
			}
			out.Scopes = append(out.Scopes, &c)
		}
		return &out
	}
	sure, elsewhere, location := target, target, target
	elsewhere.SubnetID = "subnet-0db1b2c3d4e5f6072"
	location.SubnetID, location.DestinationType = "", "efs"
	for _, tt := range []struct {
		free   int
		others []snapshot.Target
		want   checks.Status
	}{
		{8, nil, checks.Pass},
		{8, []snapshot.Target{sure}, checks.Fail},
		{15, []snapshot.Target{sure}, checks.Fail},
		{16, []snapshot.Target{sure}, checks.Pass},
		{8, []snapshot.Target{elsewhere, location}, checks.Pass},
		{24, []snapshot.Target{sure, sure}, checks.Pass},
		{23, []snapshot.Target{sure, sure}, checks.Fail},
	} {
		got := checks.Run(context.Background(), target, free(tt.free), []*checks.Check{checks.ByID("subnet-free-ips")}, checks.Options{Tasks: checks.TasksOf(append(tt.others, target), free(tt.free))})[0].Status
		if got != tt.want {
			t.Errorf("%d free, %d others: %v, want %v", tt.free, len(tt.others), got, tt.want)
		}
	}
}
