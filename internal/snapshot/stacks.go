package snapshot

import "reflect"

// tagged are rows that carry the tags of the resource.
type tagged interface{ tags() []Tag }

// CarriesTags reports whether rows of a type carry the tags of the resource.
func CarriesTags(row reflect.Type) bool { return row.Implements(reflect.TypeFor[tagged]()) }

// StackOf is the stack that made what a row is of, and how its template calls it; "" for
// what none has made.
// Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html
func StackOf(row any) (stack, logicalID string) {
	r, carries := row.(tagged)
	if !carries {
		return "", ""
	}
	for _, tag := range r.tags() {
		switch tag.Key {
		case "aws:cloudformation:stack-name":
			stack = tag.Value
		case "aws:cloudformation:logical-id":
			logicalID = tag.Value
		}
	}
	return stack, logicalID
}
