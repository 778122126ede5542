package resource

import (
	"slices"

	"github.com/dspreflight/dspreflight/internal/snapshot"
)

var listKinds = []snapshot.Kind{snapshot.PrefixLists, snapshot.PrefixListEntries}

func listTypes() []Type {
	return []Type{
		{
			Name: "aws_ec2_managed_prefix_list", Prefix: "pl-", Rank: rankList, Rows: []Rows{{snapshot.PrefixListEntries, false}, {snapshot.PrefixLists, false}},
			Kinds: listKinds, Lost: []snapshot.Kind{snapshot.PrefixListEntries}, Shared: true, Local: true, Blocks: map[string][]string{"entry": {"aws_ec2_managed_prefix_list_entry"}},
			NamedBy:    []Reference{{Attribute: "prefix_list_id", Here: true}, {Attribute: "prefix_list_ids", List: true}, {Attribute: "destination_prefix_list_id"}},
			Attributes: []string{"entry"}, Labels: []string{"name"},
			CloudFormation: []Words{{
				Type: "AWS::EC2::PrefixList", Properties: map[string]string{"PrefixListName": "name"},
				More: func(o *Object, properties map[string]any) {
					o.Attributes["entry"] = Renamed(properties["Entries"], map[string]string{"Cidr": "cidr"})
					if o.Attributes["entry"] == nil {
						o.Attributes["entry"] = []any{}
					}
				},
			}},
			Put: putList, Drop: dropList, Show: showList,
		},
		{
			Name: "aws_ec2_managed_prefix_list_entry", Rank: RankMember, Kinds: listKinds, Container: "prefix_list_id",
			Attributes: []string{"prefix_list_id", "cidr"}, Put: putListEntry, Drop: dropListEntry, Show: showListEntries,
		},
	}
}

func putList(w *World, before, o *Object) {
	s := w.Scope(o)
	if before == nil {
		s.PrefixLists.Add(snapshot.PrefixList{ID: o.ID, Name: o.Known("name"), OwnerID: owner(s), State: "create-complete"})
		s.PrefixListEntries.Add(snapshot.PrefixListContent{PrefixList: o.ID})
	}
	if !o.Stated("entry") || Same(before, o, "entry") {
		return
	}
	blocks, pending := o.Blocks("entry")
	content := snapshot.PrefixListContent{PrefixList: o.ID}
	for _, b := range blocks {
		cidr, p := b.Prefix("cidr")
		pending = max(pending, p)
		if cidr.IsValid() {
			content.Entries = append(content.Entries, snapshot.PrefixListEntry{CIDR: cidr})
		}
	}
	if pending != "" { // half a list looks like a whole one
		s.PrefixListEntries.Lose(o.ID)
		s.Doubt(snapshot.PrefixListEntries, pending.Gap(o.ID))
		return
	}
	if !edit(w, lists, o.ID, func(c *snapshot.PrefixListContent) { *c = content }) {
		s.PrefixListEntries.Add(content)
	}
}

func dropList(w *World, o *Object) {
	remove(w, lists, o.ID)
	remove(w, prefixLists, o.ID)
}

func putListEntry(w *World, before, o *Object) {
	ids, pending := wanted(w, o, "prefix_list_id", lists)
	cidr, open := o.Prefix("cidr")
	if pending = max(pending, open); pending != "" { // half a list looks like a whole one
		for _, id := range ids {
			lose(w, o, snapshot.PrefixListEntries, lists, id, pending)
		}
		return
	}
	id := ids[0]
	within(w, o, snapshot.PrefixListEntries, lists, id, func(c *snapshot.PrefixListContent) {
		if !slices.Contains(c.Entries, snapshot.PrefixListEntry{CIDR: cidr}) {
			c.Entries = append(slices.Clip(c.Entries), snapshot.PrefixListEntry{CIDR: cidr})
		}
	})
}

func dropListEntry(w *World, o *Object) {
	cidr := o.KnownPrefix("cidr")
	within(w, o, snapshot.PrefixListEntries, lists, o.Known("prefix_list_id"), func(c *snapshot.PrefixListContent) {
		c.Entries = slices.DeleteFunc(slices.Clone(c.Entries), func(e snapshot.PrefixListEntry) bool { return e.CIDR == cidr })
	})
}

func showList(w *World, o *Object) []map[string]any {
	r, there := find(w, lists, o.ID)
	if len(there) == 0 {
		return nil
	}
	entries := []any{}
	for _, e := range r.Entries {
		entries = append(entries, map[string]any{"cidr": e.CIDR.String()})
	}
	named, _ := find(w, prefixLists, o.ID)
	return one("name", named.Name, "entry", entries)
}

func showListEntries(w *World, o *Object) []map[string]any {
	r, _ := find(w, lists, o.Known("prefix_list_id"))
	var out []map[string]any
	for _, e := range r.Entries {
		out = append(out, attributesOf("prefix_list_id", r.PrefixList, "cidr", e.CIDR.String()))
	}
	return out
}
