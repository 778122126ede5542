package resource

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// What stands in a subnet takes addresses of it, and most of what AWS offers can. The
// models count theirs. Of every other resource that names a subnet, of whatever type,
// it is not known how many it takes; that it takes none is said of those that do not.

const (
	// mostOfOne is how many addresses of a subnet one resource may take of which it is not
	// known how many: no more than the greediest with a documented bound.
	// Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html
	mostOfOne = 100
	// mostOfAll is how many the first takes of those that share theirs; each other may need
	// one more, for groups of its own.
	mostOfAll = 16
	// anyNumber is taken by what launches instances or containers, as many as it finds good.
	anyNumber = 1 << 20
)

// takingTypes stand in subnets, and how many addresses they may take is known better
// than of others.
func takingTypes() []Type {
	return slices.Concat(
		marked(Type{Takes: anyNumber},
			"aws_autoscaling_group AWS::AutoScaling::AutoScalingGroup",
			"aws_batch_compute_environment AWS::Batch::ComputeEnvironment",
			"aws_ec2_fleet AWS::EC2::EC2Fleet",
			"aws_eks_node_group AWS::EKS::Nodegroup",
			"aws_emr_cluster AWS::EMR::Cluster",
			"aws_spot_fleet_request AWS::EC2::SpotFleet",
		),
		marked(Type{Takes: anyNumber, TakesBy: fargateTasks}, "aws_ecs_service AWS::ECS::Service"),
		marked(Type{Scales: true, Addressless: true}, "aws_appautoscaling_target AWS::ApplicationAutoScaling::ScalableTarget"),
		// Functions share an interface of 65,000 connections for each pair of subnet and groups;
		// 1,000 of them may run at once, unless the quota is raised, with 1,024 descriptors each.
		// Sources: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
		// https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
		marked(Type{Takes: mostOfAll, Pooled: true}, "aws_lambda_function AWS::Lambda::Function", "AWS::Serverless::Function"),
		// Source: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-subnet-ec2-instance-connect-endpoint.html
		marked(Type{Takes: 1}, "aws_ec2_instance_connect_endpoint"),
		marked(Type{Lists: true, Takes: mostOfOne},
			"aws_docdb_cluster AWS::DocDB::DBCluster",
			"aws_elasticache_replication_group AWS::ElastiCache::ReplicationGroup",
			"aws_neptune_cluster AWS::Neptune::DBCluster",
			"aws_rds_cluster AWS::RDS::DBCluster",
		),
		marked(Type{Lists: true, Addressless: true},
			"aws_dax_subnet_group AWS::DAX::SubnetGroup",
			"aws_db_subnet_group AWS::RDS::DBSubnetGroup",
			"aws_dms_replication_subnet_group AWS::DMS::ReplicationSubnetGroup",
			"aws_docdb_subnet_group AWS::DocDB::DBSubnetGroup",
			"aws_elasticache_subnet_group AWS::ElastiCache::SubnetGroup",
			"aws_launch_template",
			"aws_memorydb_subnet_group AWS::MemoryDB::SubnetGroup",
			"aws_neptune_subnet_group AWS::Neptune::DBSubnetGroup",
			"aws_redshift_subnet_group AWS::Redshift::ClusterSubnetGroup",
		),
		// Texts may name subnets.
		marked(Type{Addressless: true},
			"aws_cloudwatch_dashboard AWS::CloudWatch::Dashboard",
			"aws_cloudwatch_metric_alarm AWS::CloudWatch::Alarm",
			"aws_dynamodb_table_item",
			"aws_s3_object",
			"aws_secretsmanager_secret_version AWS::SecretsManager::Secret",
			"aws_ssm_document AWS::SSM::Document",
		),
		// The interfaces of a location are those of its tasks, which are counted.
		marked(Type{Addressless: true},
			"aws_datasync_location_efs AWS::DataSync::LocationEFS",
			"aws_ec2_tag",
			"aws_flow_log",
			"aws_iam_policy AWS::IAM::ManagedPolicy",
			"aws_iam_role_policy AWS::IAM::Policy",
			"aws_iam_role AWS::IAM::Role",
			"AWS::SSM::Parameter",
		),
		marked(Type{Addressless: true, Passive: true},
			"aws_vpc_block_public_access_exclusion AWS::EC2::VPCBlockPublicAccessExclusion",
			"AWS::EC2::FlowLog",
			"AWS::EC2::SubnetCidrBlock",
		),
		marked(Type{Addressless: true, Passive: true, Lists: true}, "AWS::EC2::LaunchTemplate"),
		marked(Type{Takes: 1, Passive: true}, "AWS::EC2::InstanceConnectEndpoint"),
	)
}

// Taking is how many addresses a resource of a type, in the words of either tool, may
// take of a subnet that it names beside those that its model counts; 0 for none.
func Taking(kind string) int {
	c := Types()
	t, ok := c.byName[kind]
	if !ok {
		t = c.byWords[kind]
	}
	_, modelled := c.Models[t.Name]
	switch {
	case t.Addressless, t.Ignored, t.Shares, t.Idless, t.Runs, Holds(kind), modelled && t.Name != "":
		return 0
	case t.Takes > 0:
		return t.Takes
	}
	return mostOfOne
}

// TakingOf is Taking for a resource with such values, in the words of either tool; scaled
// tells whether something changes by itself how many of its tasks there are.
func TakingOf(kind string, values map[string]any, scaled func() bool) int {
	taking, t := Taking(kind), Types().Of(kind)
	if t.TakesBy == nil {
		t = Types().InTemplates(kind)
	}
	if t.TakesBy == nil || taking == anyNumber && scaled() {
		return taking
	}
	if n, ok := t.TakesBy(values); ok {
		return n
	}
	return taking
}

// TakesMany reports whether a type is known to take more addresses than one.
func TakesMany(kind string) bool {
	return Types().Of(kind).Takes > 1 || Types().InTemplates(kind).Takes > 1
}

// AnyNumber reports whether a type takes as many addresses as it finds good.
func AnyNumber(kind string) bool { return Taking(kind) == anyNumber }

// ListsSubnets reports whether what names a resource of a type stands in the subnets
// that this one lists.
func ListsSubnets(kind string) bool {
	return Types().Of(kind).Lists || Types().InTemplates(kind).Lists
}

// SubnetTypes are the types, in Terraform's words, that are subnets or list some.
func SubnetTypes() []string {
	out := slices.Clone(Types().References["subnet_id"])
	for _, t := range Types().all {
		if t.Lists && t.Name != "" {
			out = append(out, t.Name)
		}
	}
	return out
}

// OfSubnets reports whether an attribute, in the words of either tool, is one that names
// subnets, or lists of them.
func OfSubnets(name string) bool {
	small := strings.ToLower(strings.ReplaceAll(name, "_", ""))
	return strings.Contains(small, "subnet") || strings.Contains(small, "vpczone")
}

// MentionsSubnets reports whether a value has an attribute that names subnets, at any depth.
func MentionsSubnets(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if OfSubnets(k) || MentionsSubnets(e) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, MentionsSubnets)
	}
	return false
}

// Standing are the subnets that a resource stands in, as far as that is told.
type Standing struct {
	IDs    []string
	Open   bool // some are known only after apply
	Untold bool // it stands in those of a list that exists, and nobody says which that holds
	Pooled bool // others of its kind share what it takes
}

// Add adds a subnet.
func (s *Standing) Add(id string) {
	if !slices.Contains(s.IDs, id) {
		s.IDs = append(s.IDs, id)
	}
}

// Read collects what a value names subnets by, at any depth but in tags: their ids, and
// the names of lists of subnets. listed adds those of such a list, and reports whether it
// knows it.
func (s *Standing) Read(v any, listed func(name string) bool) {
	var walk func(key string, v any)
	walk = func(key string, v any) {
		ofSubnets := OfSubnets(key)
		switch v := v.(type) {
		case map[string]any:
			for _, k := range slices.Sorted(maps.Keys(v)) {
				small := strings.ToLower(k)
				if strings.Contains(key, "launch") { // a template by its id or name
					small = key + "." + small
				}
				if small != "tags" && small != "tags_all" {
					walk(small, v[k])
				}
			}
		case []any:
			for _, e := range v {
				walk(key, e)
			}
		case AtLeast:
			for _, e := range v.Known {
				walk(key, e)
			}
			walk(key, v.Rest)
		case Unknown:
			s.Open = s.Open || ofSubnets
		case string:
			for _, id := range IDsIn(v, nil, nil) {
				if HasType(id, Types().References["subnet_id"]) {
					s.Add(id)
				}
			}
			group := ofSubnets && strings.Contains(key, "group")
			if v != "" && (group || slices.ContainsFunc(byName, func(word string) bool { return strings.Contains(key, word) })) && !listed(v) && group {
				s.Untold = true
			}
		}
	}
	walk("", v)
}

// byName are in the names of attributes that name what lists subnets, beside groups of
// subnets.
var byName = []string{"cluster", "launch", "replication"}

// MayTake notes a resource that may take so many addresses of subnets.
func (p *Plan) MayTake(o *Object, kind string, takes int, in Standing) {
	if slices.Sort(in.IDs); len(in.IDs) > 0 || in.Open || in.Untold {
		in.Pooled = Types().Of(kind).Pooled || Types().InTemplates(kind).Pooled
		p.Doubts = append(p.Doubts, Doubt{Object: o, IDs: in.IDs, Takes: takes, In: in, Gap: snapshot.Uncounted(o.Address, "").Gap(kind)})
	}
}

// MayTake counts what planned resources may take of the subnets that they name, and of
// each that they may turn out to name. The first few are named.
func (w *World) MayTake(doubts []Doubt) {
	const named = 6
	taken, by, pooled := map[string]int{}, map[string][]string{}, map[string]bool{}
	for _, d := range doubts {
		if d.Takes == 0 {
			continue
		}
		ids := d.IDs
		if d.In.Open || d.In.Untold {
			ids = w.candidates(d.Object, w.RefersToExisting || d.In.Untold, func(s *snapshot.Scope) []string { return s.Subnets.IDs() })
			ids = slices.Compact(slices.Sorted(slices.Values(append(ids, d.IDs...))))
		}
		for _, id := range ids {
			n := d.Takes
			if d.In.Pooled && pooled[id] {
				n = 1
			}
			pooled[id] = pooled[id] || d.In.Pooled
			taken[id] = min(taken[id]+n, anyNumber)
			if len(by[id]) < named {
				by[id] = append(by[id], d.Address)
			}
		}
	}
	for id, n := range taken {
		edit(w, subnets, id, func(r *snapshot.Subnet) {
			if r.FreeIPs != nil {
				r.MaybeTaken, r.TakenBy = min(r.MaybeTaken+n, anyNumber), snapshot.Uncounted(strings.Join(by[id], ", "), r.TakenBy)
			}
		})
	}
}

// Grown reports whether an update makes more of what a resource consists of: a number
// that counts something is larger than it was, or is known only after apply.
func Grown(before, after any) bool { return grown("", before, after) }

func grown(key string, before, after any) bool {
	switch after := after.(type) {
	case map[string]any:
		was, _ := before.(map[string]any)
		for k, v := range after {
			if grown(strings.ToLower(k), was[k], v) {
				return true
			}
		}
	case []any:
		was, _ := before.([]any)
		for i, v := range after {
			var old any
			if i < len(was) {
				old = was[i]
			}
			if grown(key, old, v) {
				return true
			}
		}
	case json.Number, float64, int, Unknown:
		if !slices.ContainsFunc(counting, func(word string) bool { return strings.Contains(key, word) }) {
			return false
		}
		now, err := strconv.ParseFloat(PlainText(after), 64)
		was, _ := strconv.ParseFloat(PlainText(before), 64)
		return err != nil || now > was
	}
	return false
}

// counting are in the names of attributes that count what takes addresses.
var counting = []string{"count", "num", "node", "replica", "capacity"}
