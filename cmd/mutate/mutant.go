package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// mutant is one change of one file: the bytes from at to end become is.
type mutant struct {
	file    string
	source  []byte
	at, end int
	is      string
}

// String is where and what: "check.go:12: a < b: < becomes <=".
func (m mutant) String() string {
	return fmt.Sprintf("%s:%d: %s", m.file, 1+strings.Count(string(m.source[:m.at]), "\n"), m.what())
}

// what says the change without its line's number, which moves.
func (m mutant) what() string {
	from := strings.LastIndexByte(string(m.source[:m.at]), '\n') + 1
	line, _, _ := strings.Cut(string(m.source[from:]), "\n")
	was, _, more := strings.Cut(string(m.source[m.at:m.end]), "\n")
	if more {
		was += " …"
	}
	return fmt.Sprintf("%s: %s becomes %s", strings.TrimSpace(line), was, cmp.Or(m.is, "nothing"))
}

// known tells whether equivalent.txt names it as one that means the same: a line
// there is the file, a colon, what, and after " # " the reason.
func (m mutant) known() bool {
	for line := range strings.Lines(equivalent) {
		if named, reason, ok := strings.Cut(strings.TrimSpace(line), " # "); ok && reason != "" && named == m.file+": "+m.what() {
			return true
		}
	}
	return false
}

// find lists all mutants of the target's files, in their order.
func (t target) find() (all []mutant, err error) {
	paths, err := filepath.Glob(filepath.Join(t.name, "*.go"))
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") || t.only != nil && !slices.Contains(t.only, filepath.Base(path)) {
			continue
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, source, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		f := finder{fset: fset, file: path, source: source}
		ast.Inspect(file, f.visit)
		all = append(all, f.found...)
	}
	if len(all) == 0 && err == nil {
		err = fmt.Errorf("no code was found; call it from the top of the repository")
	}
	return all, err
}

type finder struct {
	fset   *token.FileSet
	file   string
	source []byte
	found  []mutant
}

// swaps are what an operator is changed into.
var swaps = map[token.Token][]string{
	token.EQL: {"!="}, token.NEQ: {"=="},
	token.LSS: {"<=", ">="}, token.LEQ: {"<", ">"}, token.GTR: {">=", "<="}, token.GEQ: {">", "<"},
	token.LAND: {"||"}, token.LOR: {"&&"},
	token.ADD: {"-"}, token.SUB: {"+"}, token.MUL: {"/"}, token.QUO: {"*"},
	token.INC: {"--"}, token.DEC: {"++"},
	token.ADD_ASSIGN: {"-="}, token.SUB_ASSIGN: {"+="}, token.MUL_ASSIGN: {"/="}, token.QUO_ASSIGN: {"*="},
}

func (f *finder) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.ImportSpec:
		return false
	case *ast.BinaryExpr:
		f.swap(n.OpPos, n.Op)
	case *ast.IncDecStmt:
		f.swap(n.TokPos, n.Tok)
	case *ast.AssignStmt:
		f.swap(n.TokPos, n.Tok)
		if n.Tok != token.DEFINE {
			f.replace(n, "")
		}
	case *ast.ExprStmt:
		f.replace(n, "")
	case *ast.IfStmt:
		f.negate(n.Cond)
	case *ast.CaseClause:
		for _, condition := range n.List {
			f.negate(condition)
		}
	case *ast.BranchStmt:
		if n.Tok == token.CONTINUE && n.Label == nil {
			f.replace(n, "break")
		}
	case *ast.Ident:
		f.literal(n)
	case *ast.BasicLit:
		if v, err := strconv.Atoi(n.Value); err == nil && n.Kind == token.INT {
			f.replace(n, strconv.Itoa(v+1))
		}
	}
	return true
}

func (f *finder) swap(at token.Pos, op token.Token) {
	for _, is := range swaps[op] {
		f.add(at, at+token.Pos(len(op.String())), is)
	}
}

// negate turns a condition round. Of a comparison that is what a swap does.
func (f *finder) negate(condition ast.Expr) {
	switch c := condition.(type) {
	case *ast.BinaryExpr, *ast.BasicLit:
	case *ast.UnaryExpr:
		if c.Op == token.NOT {
			f.add(c.OpPos, c.OpPos+1, "")
		}
	default:
		f.replace(condition, "!("+string(f.source[f.offset(condition.Pos()):f.offset(condition.End())])+")")
	}
}

func (f *finder) literal(n *ast.Ident) {
	switch n.Name {
	case "true":
		f.replace(n, "false")
	case "false":
		f.replace(n, "true")
	}
}

func (f *finder) replace(n ast.Node, is string) { f.add(n.Pos(), n.End(), is) }

func (f *finder) add(from, to token.Pos, is string) {
	f.found = append(f.found, mutant{f.file, f.source, f.offset(from), f.offset(to), is})
}

func (f *finder) offset(p token.Pos) int { return f.fset.Position(p).Offset }
