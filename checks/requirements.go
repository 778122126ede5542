package checks

import (
	"github.com/dspreflight/dspreflight/checks/documented"
	"github.com/dspreflight/dspreflight/internal/netpath"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// Requirement is a documented need, as data. Where the sources disagree, the
// grade by mode says which of them the user follows.
type Requirement struct {
	ID      string
	Grade   string // required, recommended or support-only
	Title   Text
	Ports   []netpath.Ports
	ByMode  map[string]Status // the severity under --requirements MODE
	Sources []string
}

// severity is what a breach means for a target.
func (r *Requirement) severity(t snapshot.Target, otherwise Status) Status {
	if s, ok := r.ByMode[t.Requirements]; ok {
		return s
	}
	return otherwise
}

// The pages that requirements come from.
const (
	pageNetwork   = documented.PageNetwork
	pageEndpoint  = documented.PageEndpoint
	pageActivate  = documented.PageActivate
	pageENI       = "https://docs.aws.amazon.com/datasync/latest/userguide/required-network-interfaces.html"
	pageAgentHelp = documented.PageAgentHelp
	pageArticle   = documented.PageArticle
	pageCreate    = "https://docs.aws.amazon.com/datasync/latest/userguide/API_CreateAgent.html"
	pagePrivLink  = "https://docs.aws.amazon.com/datasync/latest/userguide/API_PrivateLinkConfig.html"
	pageVPCE      = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpcEndpoint.html"
	pageXRegion   = "https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-cross-region-privatelink-support.html"
	pageSGRules   = "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"
	pageSizing    = "https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html"
	pageReserve   = "https://docs.aws.amazon.com/vpc/latest/userguide/subnet-cidr-reservation.html"
	pagePeering   = "https://docs.aws.amazon.com/vpc/latest/peering/invalid-peering-configurations.html"
	pagePolicy    = "https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html"
	pageGroupVPC  = "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-assoc.html"
)

// The needs on TCP ports. The re:Post article asks for 1024-1062 and lists 22
// among the required ports; the user guide asks for 1024-1064 and calls 22
// optional. Neither of the user guide's newest tables lists 443 to the endpoint
// itself, but its 2022 text and the article do, and activation fails without it.
var (
	reqHTTPS = &Requirement{
		ID: "port-443", Grade: "required", Ports: []netpath.Ports{netpath.Port(443)},
		Title:   say("TCP 443 from the agent to the VPC endpoint", "エージェントから VPC エンドポイントへの TCP 443"),
		Sources: []string{pageArticle, pageNetwork},
	}
	reqControl = &Requirement{
		ID: "ports-1024-1062", Grade: "required", Ports: []netpath.Ports{{First: 1024, Last: 1062}},
		Title:   say("TCP 1024-1062 from the agent to the VPC endpoint", "エージェントから VPC エンドポイントへの TCP 1024-1062"),
		Sources: []string{pageArticle, pageNetwork},
	}
	reqControlGuide = &Requirement{
		ID: "ports-1063-1064", Grade: "recommended", Ports: []netpath.Ports{{First: 1063, Last: 1064}},
		Title:   say("TCP 1063-1064 from the agent to the VPC endpoint (user guide only)", "エージェントから VPC エンドポイントへの TCP 1063-1064（ユーザーガイドのみ）"),
		ByMode:  map[string]Status{"guide": Fail, "article": Skip},
		Sources: []string{pageNetwork},
	}
	reqSupport = &Requirement{
		ID: "port-22", Grade: "support-only", Ports: []netpath.Ports{netpath.Port(22)},
		Title:   say("TCP 22 from the agent to the VPC endpoint, for the AWS Support channel", "AWS サポートチャネルのための、エージェントから VPC エンドポイントへの TCP 22"),
		ByMode:  map[string]Status{"article": Fail},
		Sources: []string{pageArticle, pageNetwork},
	}
	reqTaskHTTPS = &Requirement{
		ID: "port-443-task", Grade: "required", Ports: []netpath.Ports{netpath.Port(443)},
		Title:   say("TCP 443 from the agent to the network interfaces of the task", "エージェントからタスクのネットワークインターフェイスへの TCP 443"),
		Sources: []string{pageNetwork, pageENI},
	}
)

// The needs that aren't ports.
var (
	reqEndpoint = &Requirement{
		ID: "endpoint", Grade: "required",
		Title:   say("An available interface VPC endpoint", "利用可能なインターフェイス型 VPC エンドポイント"),
		Sources: []string{pageArticle, pageEndpoint},
	}
	reqService = &Requirement{
		ID: "endpoint-service", Grade: "required",
		Title:   say("The endpoint serves DataSync in the activation Region", "エンドポイントがアクティブ化先リージョンの DataSync のもの"),
		Sources: []string{pageEndpoint, pageXRegion},
	}
	reqAddress = &Requirement{
		ID: "endpoint-address", Grade: "required",
		Title:   say("The key request names an IPv4 address of the endpoint", "キー要求がエンドポイントの IPv4 アドレスを指す"),
		Sources: []string{pageActivate, pagePrivLink},
	}
	reqOwner = &Requirement{
		ID: "one-account", Grade: "required",
		Title:   say("Endpoint, VPC and agent belong to one account; the VPC has default tenancy", "エンドポイント・VPC・エージェントが同一アカウントで、VPC のテナンシーがデフォルト"),
		Sources: []string{pageEndpoint},
	}
	reqPrivateDNS = &Requirement{
		ID: "private-dns", Grade: "recommended",
		Title:   say("Private DNS names stay off", "プライベート DNS 名を無効にする"),
		Sources: []string{pageEndpoint, pageAgentHelp},
	}
	reqPolicy = &Requirement{
		ID: "endpoint-policy", Grade: "recommended",
		Title:   say("The endpoint policy is the default", "エンドポイントポリシーがデフォルト"),
		Sources: []string{pagePolicy},
	}
	reqTaskGroup = &Requirement{
		ID: "task-group", Grade: "required",
		Title:   say("One security group for the task's interfaces", "タスクのインターフェイス用のセキュリティグループ"),
		Sources: []string{pageCreate, pageArticle},
	}
	reqFreeIPs = &Requirement{
		ID: "free-addresses", Grade: "required",
		Title:   say("Four free addresses a task", "タスク 1 つにつき空き IP アドレス 4 つ"),
		Sources: []string{pageArticle, pageENI},
	}
	reqSubnet = &Requirement{
		ID: "task-subnet", Grade: "required",
		Title:   say("A usable subnet for the task's interfaces", "タスクのインターフェイスに使えるサブネット"),
		Sources: []string{pageCreate, pageENI},
	}
	reqNoOverlap = &Requirement{
		ID: "no-overlap", Grade: "required",
		Title:   say("No overlap of address spaces", "アドレス空間の重複がない"),
		Sources: []string{pageArticle, pagePeering},
	}
)
