package cloudformation

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/dspreflight/dspreflight/internal/iac/resource"
	"github.com/dspreflight/dspreflight/internal/snapshot"
)

// changeSet is what a change set says of a stack: the resources that it changes,
// and with property values what they are and what they will be.
type changeSet struct {
	stack   string
	at      resource.Location // of the stack, if it says
	removed []declaredResource
	vague   []declaredResource // changed, without saying how
}

// field looks a key up whatever the case of its first letter: the console writes
// it small.
func field(m map[string]any, name string) (any, bool) {
	if v, ok := m[name]; ok {
		return v, true
	}
	v, ok := m[strings.ToLower(name[:1])+name[1:]]
	return v, ok
}

func fieldText(m map[string]any, name string) string {
	v, _ := field(m, name)
	return resource.PlainText(v)
}

// readChangeSet reads what "aws cloudformation describe-change-set" prints. Only
// with --include-property-values does it say what will be.
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChange.html
func readChangeSet(file string, top map[string]any) (*Template, error) {
	list, _ := field(top, "Changes")
	changes, ok := list.([]any)
	if !ok {
		return nil, snapshot.Errorf("Changes is not a list: it is not what aws cloudformation describe-change-set prints", "Changes がリストではない。aws cloudformation describe-change-set の出力ではない")
	}
	if status := fieldText(top, "Status"); status == "FAILED" && fieldText(top, "StatusReason") == "" {
		return nil, snapshot.Errorf("the change set failed: it can't be executed", "変更セットが失敗している。実行できない")
	} else if status == "FAILED" {
		return nil, snapshot.Errorf("the change set failed (%s): it can't be executed", "変更セットが失敗している（%s）。実行できない", resource.Shortened(fieldText(top, "StatusReason")))
	}
	if status := fieldText(top, "Status"); status != "" && status != "CREATE_COMPLETE" {
		return nil, snapshot.Errorf("the change set is %s: its changes are known when it is CREATE_COMPLETE", "変更セットは %s。変更の内容は CREATE_COMPLETE になってから分かる", resource.Shortened(status))
	}
	t := &Template{body: &sections{}, deployed: &sections{}, changeSet: &changeSet{stack: fieldText(top, "StackName"), at: resource.Location{}.OfARN(fieldText(top, "StackId"))}}
	if fieldText(top, "NextToken") != "" {
		t.partial = snapshot.Text{En: "the change set has more pages (NextToken): what they hold is not judged", Ja: "変更セットに続きのページがある（NextToken）。その内容は判定していない"}
	}
	for _, c := range changes {
		m, _ := c.(map[string]any)
		rc, _ := field(m, "ResourceChange")
		r, ok := rc.(map[string]any)
		if !ok {
			continue
		}
		d := declaredResource{id: fieldText(r, "LogicalResourceId"), kind: fieldText(r, "ResourceType"), physical: fieldText(r, "PhysicalResourceId"), place: resource.Place{File: file}}
		if d.id == "" || d.kind == "" {
			return nil, snapshot.Errorf("a change has no LogicalResourceId or no ResourceType", "LogicalResourceId か ResourceType のない変更がある")
		}
		after, before := fieldText(r, "AfterContext"), fieldText(r, "BeforeContext")
		retained := fieldText(r, "Action") == "Remove" && strings.HasPrefix(fieldText(r, "PolicyAction"), "Retain")
		if before != "" && !retained {
			deployed := d
			if err := deployed.setProperties(before); err != nil {
				return nil, snapshot.Errorf("BeforeContext of %s is not JSON: %w", "%s の BeforeContext が JSON ではない: %w", resource.Shortened(d.id), err)
			}
			t.deployed.resources = append(t.deployed.resources, deployed)
		}
		d.vague = before == ""
		switch action := fieldText(r, "Action"); {
		case retained:
		case action == "Remove":
			t.changeSet.removed = append(t.changeSet.removed, d.as(before))
		case action == "SyncWithActual":
		case after == "":
			t.changeSet.vague = append(t.changeSet.vague, d)
		default:
			if err := d.setProperties(after); err != nil {
				return nil, snapshot.Errorf("AfterContext of %s is not JSON: %w", "%s の AfterContext が JSON ではない: %w", resource.Shortened(d.id), err)
			}
			if fieldText(r, "Replacement") == "True" && fieldText(r, "PolicyAction") == "ReplaceAndRetain" {
				d.physical = "" // another one is made beside it
			} else if fieldText(r, "Replacement") == "True" {
				t.changeSet.removed = append(t.changeSet.removed, declaredResource{id: d.id, kind: d.kind, physical: d.physical, vague: d.vague}.as(before))
				d.physical = "" // another one is made
			}
			t.body.resources = append(t.body.resources, d)
		}
	}
	slices.SortStableFunc(t.body.resources, func(a, b declaredResource) int { return strings.Compare(a.id, b.id) })
	return t, nil
}

// as is the resource as it was, as far as its context says: whether that can be read was
// looked at before.
func (d declaredResource) as(context string) declaredResource {
	if context != "" {
		_ = d.setProperties(context)
	}
	return d
}

// setProperties reads the context that a change set gives of a resource.
func (d *declaredResource) setProperties(context string) error {
	var c struct{ Properties map[string]any }
	err := json.Unmarshal([]byte(context), &c)
	d.properties = c.Properties
	return err
}
