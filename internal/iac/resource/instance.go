package resource

import (
	"slices"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var instanceKinds = []snapshot.Kind{snapshot.Instances, snapshot.Interfaces, snapshot.Subnets}

// primaryInterface is the interface that AWS makes with an instance.
const primaryInterface = "primary_network_interface_id"

func instanceTypes() []Type {
	return []Type{
		{
			Name: "aws_ec2_instance_state", Rank: RankLast, Kinds: instanceKinds, Attributes: []string{"instance_id", "state"}, Put: putInstanceState,
		},
		{
			Name: "aws_instance", Prefix: "i-", Rank: rankInterface, Rows: []Rows{{snapshot.Instances, true}}, Kinds: instanceKinds,
			Local: true, Sweeps: true, NamedBy: []Reference{{Attribute: "instance_id"}}, Container: "subnet_id",
			Parts:      map[string]Part{primaryInterface: {primaryInterface, "aws_network_interface"}},
			Attributes: []string{"subnet_id", "vpc_security_group_ids", "private_ip", "secondary_private_ips", "primary_network_interface", "network_interface"},
			Labels:     []string{"instance_type"}, Computed: []string{primaryInterface}, Fixed: []string{"subnet_id", "private_ip", "primary_network_interface", "network_interface"},
			CloudFormation: []Words{{
				Type: "AWS::EC2::Instance", Properties: map[string]string{
					"SubnetId": "subnet_id", "SecurityGroupIds": "vpc_security_group_ids", "PrivateIpAddress": "private_ip", "InstanceType": "instance_type",
				},
				More: func(o *Object, properties map[string]any) {
					list, _ := properties["NetworkInterfaces"].([]any)
					for _, n := range list {
						nic, _ := n.(map[string]any)
						if id, ok := nic["NetworkInterfaceId"]; ok {
							o.Attributes["network_interface"] = []any{map[string]any{"network_interface_id": id}}
							return
						}
						if d := PlainText(nic["DeviceIndex"]); d == "0" || d == "" {
							for from, to := range map[string]string{"SubnetId": "subnet_id", "GroupSet": "vpc_security_group_ids", "PrivateIpAddress": "private_ip"} {
								if v, ok := nic[from]; ok {
									o.Attributes[to] = v
								}
							}
						}
					}
				},
			}},
			Put: putInstance, Drop: dropInstance, Show: showInstance, TakesBy: furtherInterfaces,
		},
	}
}

// putInstanceState stops or starts an instance.
// Source: https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/ec2_instance_state
func putInstanceState(w *World, before, o *Object) {
	ids, pending := wanted(w, o, "instance_id", instances)
	state, open := o.Text("state")
	if pending = max(pending, open); pending != "" {
		for _, id := range ids {
			lose(w, o, snapshot.Instances, instances, id, pending)
		}
		if len(ids) == 0 {
			w.Scope(o).Doubt(snapshot.Instances, pending.Gap(o.Address))
		}
		return
	}
	for _, id := range ids {
		edit(w, instances, id, func(i *snapshot.Instance) { i.State.Name = state })
	}
}

// putInstance makes an instance with its primary interface, unless it is given
// one that is a resource of its own.
func putInstance(w *World, before, o *Object) {
	groupIDs, groupsPending := o.Texts("vpc_security_group_ids")
	if before != nil {
		if o.Stated("vpc_security_group_ids") && !Same(before, o, "vpc_security_group_ids") {
			w.groupsOnInstance(o.ID, groupRefs(groupIDs), groupsPending)
		}
		row, _ := find(w, instances, o.ID)
		w.take(row.Subnet, len(o.KnownTexts("secondary_private_ips"))-len(before.KnownTexts("secondary_private_ips")))
		w.takeUncounted(row.Subnet, countPending(o))
		return
	}
	s := w.Scope(o)
	subnet := o.Known("subnet_id")
	if pending := o.Pending("subnet_id"); pending != "" {
		w.takeFor(o, 1)
		s.Doubt(snapshot.Instances, pending.Gap(o.ID))
		s.Doubt(snapshot.Interfaces, pending.Gap(o.ID))
		return
	}
	primary := snapshot.Interface{}
	if given, pending := primaryOf(o); pending != "" {
		s.Doubt(snapshot.Instances, pending.Gap(o.ID))
		return
	} else if given != "" {
		primary, _ = find(w, interfaces, given)
	} else {
		if len(groupIDs) == 0 && groupsPending == "" {
			groupIDs = w.defaultGroupOf(w.vpcOf(subnet))
		}
		primary = snapshot.Interface{
			ID: o.Part(primaryInterface), VPC: w.vpcOf(subnet), Subnet: subnet, Groups: groupRefs(groupIDs), Pending: groupsPending,
			Type: "interface", OwnerID: owner(s), Status: "in-use",
		}
		addrs := addresses(o, "private_ip")
		if primary.SetAddrs(addrs); len(addrs) == 0 {
			primary.Within = w.block(subnet)
		}
		primary.Attach(o.ID)
		if _, there := find(w, interfaces, primary.ID); len(there) == 0 {
			w.takeFor(o, 1+len(o.KnownTexts("secondary_private_ips")))
			w.takeUncounted(subnet, countPending(o))
		}
		s.Interfaces.Add(primary)
	}
	i := snapshot.Instance{ID: o.ID, VPC: primary.VPC, Subnet: primary.Subnet, PrivateIP: primary.PrivateIP, Groups: primary.Groups, Interfaces: []snapshot.Interface{primary}, Type: o.Known("instance_type")}
	i.State.Name = "running" // as it will be
	s.Instances.Add(i)
}

// primaryOf is the interface that an instance is given as its primary one: that of
// device index 0. Version 6 of the provider has a block of its own for it.
func primaryOf(o *Object) (id string, pending snapshot.Pending) {
	blocks, pending := o.Blocks("primary_network_interface")
	more, open := o.Blocks("network_interface")
	for _, b := range more {
		if n, p := b.Text("device_index"); n == "0" || p != "" {
			blocks, open = append(blocks, b), max(open, p)
		}
	}
	if pending = max(pending, open); len(blocks) == 0 || pending != "" {
		return "", pending
	}
	return blocks[0].Text("network_interface_id")
}

// groupsOnInstance puts groups on the primary interface of an instance.
func (w *World) groupsOnInstance(id string, refs []snapshot.GroupRef, pending snapshot.Pending) {
	var primary string
	edit(w, instances, id, func(i *snapshot.Instance) {
		i.Groups = refs
		i.Interfaces = slices.Clone(i.Interfaces)
		for n := range i.Interfaces {
			if i.Interfaces[n].PrivateIP == i.PrivateIP {
				i.Interfaces[n].Groups, i.Interfaces[n].Pending = refs, pending
				primary = i.Interfaces[n].ID
			}
		}
	})
	for _, s := range w.Snapshot.Scopes {
		for _, i := range s.Interfaces.All() {
			if i.ID == primary || i.Attachment != nil && i.Attachment.InstanceID == id && primary == "" {
				i.Groups, i.Pending = refs, pending
				s.Interfaces.Put(i)
			}
		}
	}
}

func dropInstance(w *World, o *Object) {
	remove(w, instances, o.ID)
	for _, s := range w.Snapshot.Scopes {
		for _, i := range s.Interfaces.All() {
			if i.Attachment != nil && i.Attachment.InstanceID == o.ID || i.ID == o.Part(primaryInterface) {
				s.Interfaces.Delete(i.ID)
				w.take(i.Subnet, -1)
			}
		}
	}
}

func showInstance(w *World, o *Object) []map[string]any {
	r, there := find(w, instances, o.ID)
	if len(there) == 0 {
		return nil
	}
	return one("subnet_id", r.Subnet, "private_ip", addrText(r.PrivateIP), "vpc_security_group_ids", texts(refIDs(r.Groups)), "instance_type", r.Type)
}

// furtherInterfaces is how many addresses an instance of a template takes beside the one of
// its primary interface.
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-ec2-instance-networkinterface.html
func furtherInterfaces(properties map[string]any) (int, bool) {
	_, own := properties["SubnetId"]
	list, listed := properties["NetworkInterfaces"]
	_, template := properties["LaunchTemplate"]
	if _, open := list.(Unknown); open || template && !own && !listed {
		return mostOfOne, true
	}
	n := 0
	for _, made := range blocksOf(list) {
		if made["NetworkInterfaceId"] != nil {
			continue
		}
		o := &Object{Attributes: map[string]any{}}
		interfaceWords.read(o, made)
		if countPending(o) != "" {
			return mostOfOne, true
		}
		n += needs(o)
		if index := PlainText(made["DeviceIndex"]); index == "0" || index == "" {
			n-- // which the model counts
		}
	}
	return n, true
}
