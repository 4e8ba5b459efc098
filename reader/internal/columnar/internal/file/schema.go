package file

import (
	"strings"

	"enrich/internal/thrift"
)

// Bounds of a schema. They are far above what any export has.
const (
	// MaxColumns is how many columns there may be, as in CSV; a struct, list or map may contain several.
	MaxColumns = 4 << 10
	// maxElements bounds all columns, structs, lists and maps together.
	maxElements = 32 << 10
	// maxDepth is how deep they may be nested.
	maxDepth = 48
	maxName  = 64 << 10 // bytes
	maxNames = 4 << 20  // bytes of all names
)

// A Physical is how values are stored.
type Physical int64

// The physical types.
const (
	Boolean Physical = iota
	Int32
	Int64
	Int96
	Float
	Double
	ByteArray
	Fixed // byte arrays of one length
)

// A Kind says what a node is.
type Kind int

// The kinds.
const (
	Values Kind = iota // a leaf
	Struct
	List // of its child
	Map  // of its two children
)

// A Node is a column, or what is nested in one.
type Node struct {
	Name     string
	Kind     Kind
	Children []*Node
	// MaxDef is the definition level of a value of this node, or of an element of a list or map. MaxRep is the repetition
	// level at which a list or map has another element.
	MaxDef, MaxRep int
	// First and Count are its leaves, as indexes of [File.Leaves].
	First, Count int
}

// A Leaf is a column of values.
type Leaf struct {
	Name           string // with the names of the nodes above it
	Physical       Physical
	Length         int // of a value, if it is Fixed
	MaxDef, MaxRep int
	Type           Logical
}

// An element is an element of the schema as it is in the file.
type element struct {
	name       string
	typed      bool
	physical   Physical
	length     int64
	hasLength  bool
	repetition int64 // 0 required, 1 optional, 2 repeated
	children   int64
	annotation
}

const repeated = 2

// readSchema reads the elements of the schema.
func readSchema(r *thrift.Reader) []element {
	elements := []element{}
	names := 0
	r.List(func(thrift.Type) {
		if len(elements) >= maxElements || names > maxNames {
			r.Fail(Unsupported("its schema is too large: more than %d columns, structs, lists and maps", maxElements))
			return
		}
		e := readElement(r)
		names += len(e.name)
		elements = append(elements, e)
	})
	return elements
}

func readElement(r *thrift.Reader) element {
	e := element{annotation: annotation{converted: -1, scale: -1, precision: -1}}
	r.Struct(func(id int, t thrift.Type) bool {
		numbers := map[int]*int64{2: &e.length, 3: &e.repetition, 5: &e.children, 6: &e.converted, 7: &e.scale, 8: &e.precision}
		switch {
		case id == 1 && t == thrift.Int32:
			e.physical, e.typed = Physical(r.Int(t)), true
		case id == 4 && t == thrift.Binary:
			e.name = strings.ToValidUTF8(string(r.Bytes(maxName)), "\uFFFD")
		case id == 10 && t == thrift.Struct:
			e.readLogical(r)
		case numbers[id] != nil && t == thrift.Int32:
			*numbers[id] = r.Int(t)
			e.hasLength = e.hasLength || id == 2
		default:
			return false
		}
		return true
	})
	return e
}

// A builder makes the tree of the schema's elements.
type builder struct {
	file     *File
	elements []element
	next     int
}

// build makes the columns of the elements. The first is the root.
func (f *File) build(elements []element) error {
	b := builder{file: f, elements: elements, next: 1}
	for range max(elements[0].children, 0) {
		n, err := b.node(1, 0, 0, "")
		if err != nil {
			return err
		}
		f.Columns = append(f.Columns, n)
	}
	switch {
	case len(f.Columns) == 0:
		return Damaged("its schema has no columns")
	case len(f.Leaves) > MaxColumns:
		return Unsupported("it has more than %d columns", MaxColumns)
	case b.next != len(elements):
		return Damaged("its schema has %d elements too many", len(elements)-b.next)
	}
	return nil
}

// node makes the next element with all below it. The rules are those of DuckDB.
func (b *builder) node(depth, def, rep int, path string) (*Node, error) {
	switch {
	case depth > maxDepth:
		return nil, Unsupported("its columns are nested deeper than %d levels", maxDepth)
	case b.next >= len(b.elements):
		return nil, Damaged("its schema ends early")
	}
	at := b.next
	e := &b.elements[at]
	b.next++
	if e.repetition != 0 {
		def++
	}
	if e.repetition == repeated {
		rep++
	}
	if path != "" {
		path += "."
	}
	path += e.name
	if e.children <= 0 {
		return b.leaf(e, def, rep, path)
	}
	n := &Node{Name: e.name, MaxDef: def, MaxRep: rep, First: len(b.file.Leaves)}
	for range e.children {
		child, err := b.node(depth+1, def, rep, path)
		if err != nil {
			return nil, err
		}
		n.Children = append(n.Children, child)
	}
	n.Count = len(b.file.Leaves) - n.First
	return n.classify(e, &b.elements[at-1]), nil
}

// classify says what a node with children is: a struct, a list or a map. Lists and maps are written as groups of groups, of which only
// the repeated one becomes a node; older writers leave out one of the groups or the annotations.
func (n *Node) classify(e, parent *element) *Node {
	n.Kind = Struct
	isMap := e.isMap()
	switch {
	case e.converted == convertedMapKeyValue && !isMap || parent.isMap() && parent.children == 1 && e.repetition == repeated:
		if len(n.Children) == 2 && e.repetition == repeated {
			n.Kind = Map
			return n
		}
	case len(n.Children) == 1 && (e.isList() || isMap || e.repetition == repeated):
		child := n.Children[0]
		if e.repetition != repeated {
			child.Name = e.name
			return child
		}
		n.Kind = List
		return n
	}
	if e.repetition == repeated {
		inner := *n
		n.Kind, n.Children = List, []*Node{&inner}
	}
	return n
}

// leaf makes a column of values, or a list of values if the element is repeated.
func (b *builder) leaf(e *element, def, rep int, path string) (*Node, error) {
	l := &Leaf{Name: path, Physical: e.physical, Length: int(e.length), MaxDef: def, MaxRep: rep}
	switch {
	case !e.typed:
		return nil, Damaged("column %q has no type", path)
	case e.physical < Boolean || e.physical > Fixed:
		return nil, Damaged("column %q has type %d, which is unknown", path, int64(e.physical))
	case e.physical == Fixed && (!e.hasLength || e.length < 0 || e.length > maxFixed):
		return nil, Damaged("column %q has values of %d bytes", path, e.length)
	}
	var err error
	if l.Type, err = e.logical(l); err != nil {
		return nil, err
	}
	n := &Node{Name: e.name, MaxDef: def, MaxRep: rep, First: len(b.file.Leaves), Count: 1}
	b.file.Leaves = append(b.file.Leaves, l)
	if e.repetition == repeated {
		inner := *n
		return &Node{Name: e.name, Kind: List, Children: []*Node{&inner}, MaxDef: def, MaxRep: rep, First: n.First, Count: 1}, nil
	}
	return n, nil
}

// maxFixed is the longest value of one length, in bytes.
const maxFixed = 1 << 20
