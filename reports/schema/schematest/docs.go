package schematest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Docs are what the sources say of their types.
type Docs struct {
	// Types are the comments of types, Values the constants of a type of string.
	Types  map[string]string
	Values map[string][]string
	// Fields are the comments by struct and field, Holds the type of a field.
	Fields map[string]map[string]string
	Holds  map[string]map[string]string
}

// ReadDocs reads the Go sources in the folders, without their tests.
func ReadDocs(t testing.TB, folders ...string) Docs {
	t.Helper()
	d := Docs{map[string]string{}, map[string][]string{}, map[string]map[string]string{}, map[string]map[string]string{}}
	for _, folder := range folders {
		paths, _ := filepath.Glob(filepath.Join(folder, "*.go")) // only a bad pattern is an error
		if len(paths) == 0 {
			t.Fatalf("no Go sources in %s", folder)
		}
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			for _, decl := range file.Decls {
				if general, ok := decl.(*ast.GenDecl); ok {
					d.read(general)
				}
			}
		}
	}
	return d
}

func (d Docs) read(decl *ast.GenDecl) {
	for _, spec := range decl.Specs {
		switch spec := spec.(type) {
		case *ast.ValueSpec:
			if typ, named := spec.Type.(*ast.Ident); named && decl.Tok == token.CONST {
				d.values(typ.Name, spec.Values)
			}
		case *ast.TypeSpec:
			doc := spec.Doc
			if doc == nil {
				doc = decl.Doc
			}
			d.Types[spec.Name.Name] = oneLine(doc.Text())
			if s, ok := spec.Type.(*ast.StructType); ok {
				d.fields(spec.Name.Name, s)
			}
		}
	}
}

func (d Docs) values(typ string, values []ast.Expr) {
	for _, v := range values {
		if literal, ok := v.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			if text, err := strconv.Unquote(literal.Value); err == nil {
				d.Values[typ] = append(d.Values[typ], text)
			}
		}
	}
}

// fields takes the comments of a struct. One comment may speak of several fields
// that follow each other.
func (d Docs) fields(name string, s *ast.StructType) {
	docs, holds := map[string]string{}, map[string]string{}
	d.Fields[name], d.Holds[name] = docs, holds
	latest := ""
	for _, f := range s.Fields.List {
		if f.Doc != nil {
			latest = oneLine(f.Doc.Text())
		}
		for _, field := range f.Names {
			if f.Doc != nil || regexp.MustCompile(`\b`+field.Name+`\b`).MatchString(latest) {
				docs[field.Name] = latest
			}
			typ := f.Type
			if star, ok := typ.(*ast.StarExpr); ok {
				typ = star.X
			}
			if ident, ok := typ.(*ast.Ident); ok {
				holds[field.Name] = ident.Name
			}
		}
	}
}

var word = regexp.MustCompile(`\b[A-Z]\w*\b`)

// Field is the comment of a struct's field, with fields called as in JSON.
func (d Docs) Field(typ reflect.Type, field string) string {
	return word.ReplaceAllStringFunc(d.Fields[typ.Name()][field], func(name string) string {
		f, is := typ.FieldByName(name)
		if tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); is && tag != "" {
			return tag
		}
		return name
	})
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
