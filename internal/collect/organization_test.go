package collect_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/dspreflight/dspreflight/internal/collect"
)

// TestAccountsThatAreNotAll: of an organization all accounts are known, or nothing is
// said of it.
func TestAccountsThatAreNotAll(t *testing.T) {
	const own, other = `{"Id":"111122223333","State":"ACTIVE"}`, `{"Id":"444455556666","State":"ACTIVE"}`
	for name, tt := range map[string]struct {
		pages []string
		want  string // of the error; "": the two accounts
	}{
		"both":           {[]string{`{"Accounts":[` + own + `,` + other + `]}`}, ""},
		"two pages":      {[]string{`{"Accounts":[` + own + `],"NextToken":"1"}`, `{"Accounts":[` + other + `]}`}, ""},
		"an empty page":  {[]string{`{"Accounts":[],"NextToken":"1"}`, `{"Accounts":[` + own + `,` + other + `]}`}, ""},
		"shown twice":    {[]string{`{"Accounts":[` + own + `,` + own + `,` + other + `]}`}, ""},
		"no list":        {[]string{`{}`}, "lacks the list"},
		"no second list": {[]string{`{"Accounts":[` + own + `],"NextToken":"1"}`, `{}`}, "lacks the list"},
		"null":           {[]string{`{"Accounts":null}`}, "lacks the list"},
		"other list":     {[]string{`{"Roots":[` + own + `]}`}, "lacks the list"},
		"not their own":  {[]string{`{"Accounts":[` + other + `]}`}, "lack the caller's own"},
		"blank entry":    {[]string{`{"Accounts":[` + own + `,{}]}`}, "not the number of an account"},
		"two contents":   {[]string{`{"Accounts":[` + own + `,` + other + `,` + strings.Replace(other, "ACTIVE", "CLOSED", 1) + `]}`}, "two contents"},
		"same token":     {[]string{`{"Accounts":[` + own + `],"NextToken":"1"}`, `{"Accounts":[` + other + `],"NextToken":"1"}`}, "same NextToken twice"},
		"said twice":     {[]string{`{"Accounts":[` + own + `,` + other + `],"Accounts":[` + own + `]}`}, "twice"},
		"a row's twice":  {[]string{`{"Accounts":[` + own + `,{"Id":"999900001111","Id":"444455556666","State":"ACTIVE"}]}`}, "twice"},
		"lower case":     {[]string{`{"accounts":[` + own + `,` + other + `]}`}, "lacks the list"},
		"no list at all": {[]string{`{"Accounts":{"Id":"111122223333"}}`}, "Accounts"},
		"two objects":    {[]string{`{"Accounts":[` + own + `]}{"Accounts":[` + other + `]}`}, "not a JSON object"},
		"html":           {[]string{`<html></html>`}, "not a JSON object"},
		"array":          {[]string{`[` + own + `]`}, "not a JSON object"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, "healthy")
			page := 0
			s.Tamper = func(w http.ResponseWriter, _, action string, _ []byte) bool {
				if action != "ListAccounts" {
					return false
				}
				if page == len(tt.pages) {
					t.Error("more pages are asked for than there are")
					page = 0
				}
				fmt.Fprint(w, tt.pages[page])
				page++
				return true
			}
			list, err := collect.Connector{MaxBackoff: time.Millisecond, Options: []func(*config.LoadOptions) error{
				config.WithBaseEndpoint(s.URL),
				config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "example", "")),
				config.WithSharedConfigFiles(nil), config.WithSharedCredentialsFiles(nil),
			}}.Members(context.Background(), collect.Account{Region: "us-east-1"})
			switch {
			case tt.want == "" && (err != nil || len(list) != 2 || list[0].ID != "111122223333" || !list[0].Own || list[1].Own):
				t.Errorf("%+v, %v", list, err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("%+v, %v", list, err)
			}
		})
	}
}
