package checks

import (
	"strings"

	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var (
	serviceNotDataSync = &Problem{
		Code: "DSP104", Severity: Fail, Hides: true,
		Title:   say("{subject} is an endpoint of {seen}, not of DataSync", "{subject} は {seen} のエンドポイントで、DataSync のものではない"),
		Cause:   say("DataSync's control and data traffic is answered only by an endpoint of the service datasync or datasync-fips.", "DataSync の通信に応答するのは datasync または datasync-fips のエンドポイントだけである。"),
		Fix:     say("Use the id of the DataSync endpoint, or create one.", "DataSync のエンドポイントの ID を使うか、新しく作成する。"),
		Look:    []Command{OnAWS("ec2 describe-vpc-endpoints --filters Name=service-name,Values=*.datasync,*.datasync-fips")},
		Errors:  []*documented.Error{documented.InvalidEndpoint, documented.EndpointUnreachable},
		Sources: []string{pageEndpoint},
	}
	serviceOtherRegion = &Problem{
		Code: "DSP105", Severity: Fail,
		Title:   say("{subject} serves {seen}; the agent is to be activated in {region}", "{subject} は {seen} のもので、アクティブ化先は {region}"),
		Cause:   say("DataSync has no cross-Region endpoints: endpoint, key request, CreateAgent, subnet and security group must share one Region.", "DataSync にリージョン間エンドポイントはない。エンドポイント、キー要求、CreateAgent、サブネット、セキュリティグループは同じリージョンでなければならない。"),
		Fix:     say("Activate in {seen}, or create an endpoint in {region}.", "{seen} でアクティブ化するか、{region} にエンドポイントを作成する。"),
		Look:    []Command{OnAWS("ec2 describe-vpc-endpoints --filters Name=service-name,Values=*.datasync,*.datasync-fips")},
		Errors:  []*documented.Error{documented.InvalidEndpoint, documented.EndpointUnreachable},
		Sources: []string{pageXRegion, pageActivate},
	}
)

var _ = register(&Check{
	ID:       "endpoint-service",
	Area:     AreaEndpoint,
	Vital:    true,
	Title:    say("The VPC endpoint is one of DataSync in the activation Region", "アクティブ化先リージョンの DataSync のエンドポイントである"),
	Requires: reqService,
	Needs:    []snapshot.Kind{snapshot.Endpoints},
	Uses:     []snapshot.Kind{snapshot.Subnets, snapshot.Interfaces},
	After:    []*Check{endpointAvailable},
	Problems: []*Problem{serviceNotDataSync, serviceOtherRegion, endpointElsewhere},
	Run: func(x *Exam) {
		ep, s, ok := x.endpoint()
		if !ok {
			return
		}
		saw := snapshot.Saw(snapshot.Endpoints, ep.ID, snapshot.Textf("service name %s", "サービス名 %s", ep.ServiceName))
		region := ep.Region()
		if ep.ServiceRegion != "" {
			region = ep.ServiceRegion
		}
		switch {
		case ep.ServiceName == "":
			x.Unknown(ep.ID, snapshot.Gap{Code: snapshot.FieldUnseen, Source: snapshot.Endpoints.Action(), Ref: ep.ID, Detail: "ServiceName"})
		case !ep.IsDataSync():
			x.Report(serviceNotDataSync, ep.ID, Args{"seen": ep.ServiceName, "region": x.Target.Region}, saw)
		case region == "" || x.Target.Region == "":
			x.Unknown(ep.ID, snapshot.Gap{Code: snapshot.FieldUnseen, Source: snapshot.Endpoints.Action(), Ref: ep.ID, Detail: "ServiceRegion"})
		case !strings.EqualFold(region, x.Target.Region):
			x.Report(serviceOtherRegion, ep.ID, Args{"seen": region, "region": x.Target.Region}, saw)
			x.elsewhere(s, ep, region)
		case !x.elsewhere(s, ep, region):
			x.OK(ep.ID, saw)
		}
	},
})
