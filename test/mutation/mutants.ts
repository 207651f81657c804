// Changes of a source text, one at a time, as a slip of the pen or a bad idea would make them.
import ts from 'typescript';

export interface Mutant {
  /** Offsets in the text. */
  start: number;
  end: number;
  /** What stands there instead. */
  text: string;
  /** Line, from 1. */
  line: number;
  /** What changed, in one line: the same as long as the source says the same there. */
  change: string;
}

const OTHER = new Map<ts.SyntaxKind, string>([
  [ts.SyntaxKind.LessThanToken, '<='],
  [ts.SyntaxKind.LessThanEqualsToken, '<'],
  [ts.SyntaxKind.GreaterThanToken, '>='],
  [ts.SyntaxKind.GreaterThanEqualsToken, '>'],
  [ts.SyntaxKind.EqualsEqualsEqualsToken, '!=='],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, '==='],
  [ts.SyntaxKind.AmpersandAmpersandToken, '||'],
  [ts.SyntaxKind.BarBarToken, '&&'],
  [ts.SyntaxKind.PlusToken, '-'],
  [ts.SyntaxKind.MinusToken, '+'],
]);

/** All of one file, in the order of their places. */
export function mutantsOf(name: string, source: string): Mutant[] {
  const file = ts.createSourceFile(name, source, ts.ScriptTarget.ES2022, true);
  const mutants: Mutant[] = [];
  const add = (node: ts.Node, text: string, start = node.getStart(file), end = node.getEnd()) => {
    const { line } = file.getLineAndCharacterOfPosition(start);
    const change = `${oneLine(source.slice(start, end))} → ${oneLine(text) || 'nothing'}`;
    mutants.push({ start, end, text, line: line + 1, change });
  };
  const visit = (node: ts.Node): void => {
    // Types are gone when it runs, and words are for people.
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isInterfaceDeclaration(node)) return;
    if (ts.isIfStatement(node) || ts.isConditionalExpression(node)) {
      const condition = ts.isIfStatement(node) ? node.expression : node.condition;
      add(condition, 'true');
      add(condition, 'false');
    }
    if (ts.isBinaryExpression(node)) {
      const other = OTHER.get(node.operatorToken.kind);
      const isText = ts.isStringLiteralLike(node.left) || ts.isStringLiteralLike(node.right);
      if (other !== undefined && !(isText && '+-'.includes(other))) add(node.operatorToken, other);
    }
    if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken)
      add(node, node.operand.getText(file));
    if (node.kind === ts.SyntaxKind.TrueKeyword) add(node, 'false');
    if (node.kind === ts.SyntaxKind.FalseKeyword) add(node, 'true');
    if (ts.isThrowStatement(node)) add(node, ';');
    if (ts.isExpressionStatement(node) && !isSuper(node)) add(node, ';');
    if (ts.isArrayLiteralExpression(node)) for (const [i] of node.elements.entries()) omit(node, i);
    if (ts.isTemplateExpression(node) && !isMessage(node))
      for (const span of node.templateSpans) add(span.expression, "''");
    ts.forEachChild(node, visit);
  };
  const omit = (list: ts.ArrayLiteralExpression, index: number) => {
    const kept = list.elements.filter((_, i) => i !== index).map((element) => element.getText(file));
    add(list, `[${kept.join(', ')}]`);
  };
  visit(file);
  return mutants;
}

const oneLine = (text: string) => text.replace(/\s+/g, ' ').trim();

const isSuper = ({ expression }: ts.ExpressionStatement) =>
  ts.isCallExpression(expression) && expression.expression.kind === ts.SyntaxKind.SuperKeyword;

/** What an error says to people may be said in other words. */
function isMessage(node: ts.Node): boolean {
  for (let at: ts.Node | undefined = node; at !== undefined; at = at.parent) {
    if (ts.isNewExpression(at) && /Error|Refused/.test(at.expression.getText())) return true;
    if (ts.isStatement(at)) return ts.isVariableStatement(at) && /reason|text|message|why/.test(at.getText());
  }
  return false;
}
