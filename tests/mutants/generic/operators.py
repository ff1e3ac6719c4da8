# SPDX-License-Identifier: BSD-3-Clause
"""What is changed where: walks the functions of a syntax tree and collects sites of mutants."""
from syntax import bare, children, kind, macro_place, place_of, type_of

# Operator: the function of switch.hpp, and what its mutants are called. A bound is moved by one, or the comparison negated.
COMPARISONS = {
    "<": ("lt", ("bound", "negate")), "<=": ("le", ("bound", "negate")), ">": ("gt", ("bound", "negate")),
    ">=": ("ge", ("bound", "negate")), "==": ("eq", ("negate",)), "!=": ("ne", ("negate",)),
}
ARITHMETIC = {"+": "add", "-": "sub", "&": "band", "|": "bor", "<<": "shl", ">>": "shr"}
INTEGERS = {"bool", "char", "signed char", "unsigned char", "short", "unsigned short", "int", "unsigned int", "long",
            "unsigned long", "long long", "unsigned long long"}
STATEMENTS = {"CallExpr", "CXXMemberCallExpr", "CXXOperatorCallExpr", "CompoundAssignOperator", "UnaryOperator", "BinaryOperator"}
JUMPS = {"ReturnStmt", "ContinueStmt", "BreakStmt"}
FUNCTIONS = {"FunctionDecl", "CXXMethodDecl", "CXXConstructorDecl", "CXXDestructorDecl", "CXXConversionDecl"}
# Names of rules, lock classes and log levels say what happened, they decide nothing.
LABELS = ("mediator::Rule", "Rule", "mediator::LockClass", "LockClass", "mediator::LogLevel", "LogLevel")


class Site:
    """Insertions at the two ends of an expression, or instead of the text between; `names`: one a mutant."""

    def __init__(self, file, begin, end, names, before, after, instead=None):
        self.file, self.begin, self.end, self.names = file, begin, end, names
        self.before, self.after, self.instead = before, after, instead  # instead: (begin, end, text)
        self.function = ""

    def key(self):
        return self.file, self.begin, self.end, self.names


class Collector:
    """Sites of all files in `sources`: name in the tree → text as bytes."""

    def __init__(self, sources):
        self.sources = sources
        self.sites = {}
        self.function = ""
        self.locals = set()

    def add_tree(self, node):
        """Everything in a declaration that runs: bodies of functions, and what constructors set."""
        if kind(node) in {"ConceptDecl", "StaticAssertDecl", "FieldDecl", "EnumDecl"}:
            return
        if node.get("constexpr") and kind(node) == "VarDecl":
            self.table(node)
            return
        if kind(node) not in FUNCTIONS:
            for child in children(node):
                self.add_tree(child)
            return
        if node.get("consteval") or node.get("isImplicit") or node.get("explicitlyDefaulted"):
            return
        outer, self.function = self.function, node.get("name", "")
        for child in children(node):
            if kind(child) == "CompoundStmt":
                self.statement_list(child)
            elif kind(child) == "CXXCtorInitializer":
                for value in children(child):
                    self.walk(value)
            elif kind(child) in FUNCTIONS:
                self.add_tree(child)
        self.function = outer

    def table(self, node):
        """`constexpr auto x = [] { … }();`, where it has values that can be changed: made anew at each look."""
        call = bare(children(node)[0]) if children(node) else node
        parts = [bare(child) for child in children(call)]
        if kind(call) != "CXXOperatorCallExpr" or len(parts) != 2 or kind(parts[1]) != "LambdaExpr":
            return
        whole, maker, sites = place_of(call), place_of(parts[1]), len(self.sites)
        if not whole or whole.file not in self.sources or self.sources[whole.file][maker.end:whole.end] != b"()":
            return
        self.function = node.get("name", "")
        self.lambda_expression(parts[1])
        if len(self.sites) > sites:
            self.add(Site(whole.file, whole.begin, whole.end, (), "::mutant::Table{{", "", (maker.end, whole.end, "}}")))
        self.function = ""

    # Statements.

    def statement_list(self, node):
        for child in children(node):
            self.statement(child)

    def statement(self, node):
        what = bare(node)
        if kind(what) in STATEMENTS and self.changes_something(what):
            self.site(node, ("delete",), "if (::mutant::on({0})) {{}} else ", "")
        self.walk(node)

    @staticmethod
    def changes_something(node):
        if kind(node) == "UnaryOperator":
            return node.get("opcode") in {"++", "--"}
        return kind(node) != "BinaryOperator" or node.get("opcode") == "="

    def if_statement(self, node):
        if node.get("isConstexpr") or node.get("isConsteval"):
            for child in children(node)[1:]:
                self.statement(child)
            return
        parts = list(children(node))
        for present in ("hasInit", "hasVar"):
            if node.get(present):
                self.walk(parts.pop(0))
        condition, *branches = parts
        self.check_macro(node)
        if not node.get("hasVar"):
            if not node.get("hasElse") and self.jumps(branches[0]):
                self.site(condition, ("drop",), "!::mutant::on({0}) && (", ")")
            self.condition(condition)
        self.walk(condition)
        for branch in branches:
            self.statement(branch)

    @staticmethod
    def jumps(node):
        while kind(node) in {"CompoundStmt", "AttributedStmt"} and children(node):
            node = children(node)[-1]
        return kind(node) in JUMPS

    def check_macro(self, node):
        """FFA_CHECK(…): the macro's own `if`."""
        called = macro_place(node)
        if not called or called["file"] not in self.sources:
            return
        begin = called["offset"]
        text = b"FFA_CHECK("
        if self.sources[called["file"]][begin:begin + len(text)] != text:
            return
        end = begin + len(text)
        self.add(Site(called["file"], begin, end, ("drop",), "", "", (begin, end, "FFASIM_MUTANT_CHECK({0}, ")))

    # Expressions.

    def walk(self, node):
        name = kind(node)
        if name in {"ConstantExpr", "StaticAssertDecl", "SubstNonTypeTemplateParmExpr", "TemplateArgument", "CXXDefaultArgExpr",
                    "CXXDefaultInitExpr"}:
            return
        if name == "VarDecl":
            self.locals.add(node.get("id"))
            if node.get("constexpr"):
                return
        handler = {
            "CompoundStmt": self.statement_list, "IfStmt": self.if_statement, "BinaryOperator": self.binary,
            "CXXOperatorCallExpr": self.operator_call, "CXXRewrittenBinaryOperator": self.rewritten,
            "ForStmt": self.for_statement, "WhileStmt": self.while_statement, "DoStmt": self.do_statement,
            "CXXForRangeStmt": self.range_statement, "LambdaExpr": self.lambda_expression, "CaseStmt": self.case,
            "DefaultStmt": self.case, "ConditionalOperator": self.choice, "ReturnStmt": self.return_statement,
            "CallExpr": self.call, "CXXMemberCallExpr": self.call, "ImplicitCastExpr": self.cast,
            "IntegerLiteral": self.literal, "CXXBoolLiteralExpr": self.literal, "DeclRefExpr": self.reference,
            "UnaryOperator": self.unary,
        }.get(name)
        if handler:
            handler(node)
            return
        for child in children(node):
            self.walk(child)

    def walk_all(self, nodes):
        for node in nodes:
            self.walk(node)

    def for_statement(self, node):
        init, _, condition, step, body = children(node)
        self.walk(init)
        if condition:
            self.condition(condition)
            self.walk(condition)
        self.walk(step)
        self.statement(body)

    def while_statement(self, node):
        *before, condition, body = children(node)
        self.walk_all(before)
        if not before:
            self.condition(condition)
        self.walk(condition)
        self.statement(body)

    def do_statement(self, node):
        body, condition = children(node)
        self.statement(body)
        if place_of(condition):
            self.condition(condition)
        self.walk(condition)

    def range_statement(self, node):
        # What is gone through, in the first of the variables that clang makes; then the body.
        for child in children(node)[:2]:
            self.walk(child)
        self.statement(children(node)[-1])

    def lambda_expression(self, node):
        # The class that clang makes has the body once more.
        self.statement_list(children(node)[-1])

    def case(self, node):
        # In front of the statement there is the label, in a template without a sign that it is constant.
        self.statement(children(node)[-1])

    def choice(self, node):
        self.condition(children(node)[0])
        self.walk_all(children(node))

    def return_statement(self, node):
        if children(node) and type_of(children(node)[0]) == "bool":
            self.condition(children(node)[0])
        self.walk_all(children(node))

    def call(self, node):
        for argument in children(node)[1:]:
            if type_of(argument) == "bool" and argument.get("valueCategory") == "prvalue":
                self.condition(argument)
        self.walk_all(children(node))

    def unary(self, node):
        if node.get("opcode") == "!":
            self.condition(children(node)[0])
        self.walk_all(children(node))

    def condition(self, node):
        """Negates what is neither a comparison nor put together of others, which are changed themselves."""
        what = bare(node)
        if kind(what) in {"BinaryOperator", "CXXRewrittenBinaryOperator", "CXXBoolLiteralExpr", "UnaryOperator", "CXXDefaultArgExpr"}:
            if not (kind(what) == "UnaryOperator" and what.get("opcode") != "!") and not (
                    kind(what) == "BinaryOperator" and what.get("opcode") in ARITHMETIC):
                return
        if kind(what) == "CXXOperatorCallExpr" and self.operator_of_call(what) in COMPARISONS:
            return
        self.site(what, ("negate",), "::mutant::negated({0}, ", ")")

    def binary(self, node):
        left, right = children(node)
        operator = node.get("opcode")
        if operator in COMPARISONS:
            self.comparison(node, left, right, operator)
        elif operator in {"&&", "||"}:
            self.condition(left)
            self.condition(right)
            self.swap(node, left, right, operator)
        elif operator in ARITHMETIC and type_of(node) in INTEGERS:
            if type_of(left) in INTEGERS and type_of(right) in INTEGERS:
                self.replace(node, left, right, operator, ARITHMETIC[operator], ("operator",))
        if operator not in COMPARISONS:
            self.walk_all((left, right))

    def operator_call(self, node):
        operator = self.operator_of_call(node)
        if operator in COMPARISONS:
            self.comparison(node, *children(node)[1:], operator)
        else:
            self.walk_all(children(node)[1:])

    def operator_of_call(self, node):
        operands = children(node)[1:]
        return self.operator_text(*operands) if len(operands) == 2 else None

    def rewritten(self, node):
        """a < b by way of <=>, a != b by way of ==: the operator call inside has the operands, perhaps the other way round."""
        inner = node
        while kind(inner) != "CXXOperatorCallExpr":
            inner = next((child for child in map(bare, children(inner)) if self.leads_to_call(child)), None)
            if inner is None:
                return
        operands = sorted((child for child in children(inner)[1:] if place_of(child)), key=lambda child: place_of(child).begin)
        if len(operands) != 2:
            return
        operator = self.operator_text(*operands)
        if operator in COMPARISONS:
            self.comparison(node, *operands, operator)

    def leads_to_call(self, node):
        return kind(node) == "CXXOperatorCallExpr" or any(self.leads_to_call(bare(child)) for child in children(node))

    def operator_text(self, left, right):
        """What stands between two operands, or None."""
        one, other = place_of(left), place_of(right)
        if not one or not other or one.file != other.file or one.file not in self.sources:
            return None
        return self.sources[one.file][one.end:other.begin].decode().strip()

    def comparison(self, node, left, right, operator):
        function, names = COMPARISONS[operator]
        self.replace(node, left, right, operator, function, names)
        for operand in (left, right):
            if not self.names_enumerator(operand):
                self.walk(operand)

    @staticmethod
    def names_enumerator(node):
        node = bare(node)
        return kind(node) == "DeclRefExpr" and node.get("referencedDecl", {}).get("kind") == "EnumConstantDecl"

    def replace(self, node, left, right, operator, function, names):
        if self.operator_text(left, right) != operator or "dependent" in type_of(node):
            return
        one, other = place_of(left), place_of(right)
        self.site(node, names, "::mutant::" + function + "({0}, ", ")", (one.end, other.begin, ", "))

    def swap(self, node, left, right, operator):
        """a && b becomes a || b, that is !(!a && !b), and the other way round; b is still asked only where it counts."""
        place, one, other = place_of(node), place_of(left), place_of(right)
        if not place or self.operator_text(left, right) != operator:
            return
        turn = "(::mutant::on({0}) != static_cast<bool>("
        self.site(node, ("logic",), "(::mutant::on({0}) != (" + turn, "))))", (one.end, other.begin, f")) {operator} {turn}"))

    def cast(self, node):
        child = children(node)[0]
        if node.get("castKind") in {"NullToPointer", "NullToMemberPointer"}:
            return
        if kind(child) == "IntegerLiteral" and type_of(node) in INTEGERS:
            self.literal(child, type_of(node))
        elif node.get("castKind") == "LValueToRValue" and self.is_constant(child):
            self.site(child, ("constant+1",), f"static_cast<{type_of(node)}>(::mutant::more({{0}}, ", "))")
        else:
            self.walk(child)

    def is_constant(self, node):
        """A named integer that is no variable of a function."""
        declared = node.get("referencedDecl", {})
        return (kind(node) == "DeclRefExpr" and declared.get("kind") == "VarDecl" and declared.get("id") not in self.locals
                and declared.get("type", {}).get("qualType", "").startswith("const ") and type_of(node) in INTEGERS - {"bool"})

    def literal(self, node, target=None):
        if kind(node) == "CXXBoolLiteralExpr":
            self.site(node, ("flip",), "::mutant::negated({0}, ", ")")
        elif int(node.get("value", "0")) == 0:
            self.site(node, ("constant+1",), f"static_cast<{target or type_of(node)}>(::mutant::more({{0}}, ", "))")
        else:
            self.site(node, ("constant+1", "constant-1"), f"static_cast<{target or type_of(node)}>(::mutant::beside({{0}}, ", "))")

    def reference(self, node):
        declared = node.get("referencedDecl", {})
        if declared.get("kind") == "EnumConstantDecl" and type_of(node) not in LABELS:
            self.site(node, ("next",), "::mutant::next({0}, ", ")")

    # Sites.

    def site(self, node, names, before, after, instead=None):
        place = place_of(node)
        if place and place.file in self.sources:
            self.add(Site(place.file, place.begin, place.end, names, before, after, instead))

    def add(self, site):
        text = self.sources[site.file]
        if b"FFA_ASSERT(" in text[text.rfind(b"\n", 0, site.begin) + 1:site.begin]:
            return  # what is asserted always holds: less of it would not be noticed
        site.function = self.function
        self.sites.setdefault(site.key(), site)
