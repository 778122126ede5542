package collect

import (
	"encoding/json"
	"testing"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// FuzzSift takes anything for a page: what is left of it loads, and says nothing
// that the page did not.
func FuzzSift(f *testing.F) {
	f.Add(uint8(snapshot.SecurityGroups), []byte(`{"SecurityGroups":[{"GroupId":"sg-1","OwnerId":"1","VpcId":"vpc-1","IpPermissions":[{"IpProtocol":"tcp","FromPort":1,"ToPort":2,"IpRanges":[{"CidrIp":"10.0.0.0/8"}]}],"IpPermissionsEgress":[]},{}]}`))
	f.Add(uint8(snapshot.Endpoints), []byte(`{"VpcEndpoints":[{"VpcEndpointId":"vpce-1"},null,7,{"VpcEndpointId":"vpce-1","State":"x"}]}`))
	f.Add(uint8(snapshot.SecurityGroups), []byte(`{"SecurityGroups":[]},{}]`))
	f.Add(uint8(snapshot.CallerIdentity), []byte(`{"Account":"1"}`))
	f.Fuzz(func(t *testing.T, kind uint8, page []byte) {
		k := snapshot.Kind(kind)
		if k == snapshot.NoKind || int(kind) > len(snapshot.Kinds()) {
			return
		}
		s := sifter{kind: k, content: map[string]string{}, doubted: map[string]bool{}}
		s.note(page)
		rest, odd := s.sound(page)
		if rest == nil {
			if odd == "" {
				t.Fatal("a page is lost without a word")
			}
			return
		}
		if !json.Valid(rest) {
			t.Fatalf("%q is left", rest)
		}
		var scope snapshot.Scope
		if _, err := scope.LoadPage(snapshot.Document{Kind: k, ID: "x", Body: rest}, snapshot.Partial, nil); err != nil && k.ListKey() != "" {
			t.Fatalf("what is left does not load: %v: %s", err, rest)
		}
	})
}

// TestLacking: a path says which member is missing, and nothing else.
func TestLacking(t *testing.T) {
	for _, tt := range []struct{ row, path, want string }{
		{`{"A":"x"}`, "A", ""},
		{`{"A":""}`, "A", "A"},
		{`{"A":false}`, "A", ""},
		{`{"A":0}`, "A", ""},
		{`{}`, "A", "A"},
		{`{"A":[]}`, "A.B", ""},
		{`{}`, "A.B", "A"},
		{`{}`, "A?.B", ""},
		{`{"A":[{"B":1},{}]}`, "A.B", "A.B"},
		{`{"A":[7]}`, "A.B", "A"},
		{`{"A":{"B":{"C":1}}}`, "A.B.C", ""},
		{`{"A":{"B":{}}}`, "A.B.C", "A.B.C"},
		{`{"A":false,"B":"x"}`, "A|B", ""},
		{`{"A":false}`, "A|B", "A|B"},
		{`{"A":[]}`, "A|", "A"},
	} {
		row, err := object([]byte(tt.row))
		if err != nil {
			t.Fatal(err)
		}
		if got := lacking(row, tt.path); got != tt.want {
			t.Errorf("%s of %s: %q, want %q", tt.path, tt.row, got, tt.want)
		}
	}
}

// TestEveryAnswerIsLookedAt: of each call it is known what AWS gives of every row, or an
// answer of something else would be taken for AWS's.
func TestEveryAnswerIsLookedAt(t *testing.T) {
	for _, k := range snapshot.Kinds() {
		members, name := always[k], "always"
		if k.ListKey() == "" {
			members, name = whole[k], "whole"
		}
		if len(members) == 0 {
			t.Errorf("%s: what does AWS give of every row? Add it to %s in whole.go", k, name)
		}
	}
}

// TestPeeringWithCloudWAN: the other end of a peering of a transit gateway is a gateway
// or a core network, and the row is whole with either.
func TestPeeringWithCloudWAN(t *testing.T) {
	for far, sound := range map[string]bool{`{"TransitGatewayId":"tgw-2"}`: true, `{"CoreNetworkId":"core-network-1"}`: true, `{"Region":"us-east-1"}`: false} {
		page := `{"TransitGatewayPeeringAttachments":[{"TransitGatewayAttachmentId":"tgw-attach-1","State":"available","RequesterTgwInfo":{"TransitGatewayId":"tgw-1"},"AccepterTgwInfo":` + far + `}]}`
		s := sifter{kind: snapshot.TransitGatewayPeerings, content: map[string]string{}, doubted: map[string]bool{}}
		s.note([]byte(page))
		if _, odd := s.sound([]byte(page)); (odd == "") != sound {
			t.Errorf("%s: %q", far, odd)
		}
	}
}
