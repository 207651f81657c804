// Which class writes to the fields of another: asked of the compiler, which knows the type of what is written to.
import { relative } from 'node:path';
import ts from 'typescript';

/** `FILE: CLASS writes FIELD of OTHER`, for classes of host/. A class may write to its own instances and to those below. */
export function assignments(root: string): string[] {
  const config = ts.getParsedCommandLineOfConfigFile(
    `${root}/tsconfig.build.json`,
    { noEmit: true, skipLibCheck: true },
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => {} },
  );
  if (config === undefined) throw new Error('tsconfig.build.json can not be read');
  const program = ts.createProgram(config.fileNames, config.options);
  const checker = program.getTypeChecker();
  const found = new Set<string>();
  for (const source of program.getSourceFiles()) {
    const file = relative(root, source.fileName);
    if (!file.startsWith('host/')) continue;
    const visit = (node: ts.Node, within: ts.ClassDeclaration | undefined): void => {
      const own = ts.isClassDeclaration(node) ? node : within;
      const written = writtenTo(node);
      if (written !== undefined && own !== undefined && !isThis(written.expression)) {
        const other = classOf(checker.getTypeAtLocation(written.expression));
        const isHouse = other && relative(root, other.getSourceFile().fileName).startsWith('host/');
        if (isHouse && !isSame(checker, other, own))
          found.add(`${file}: ${own.name?.text} writes ${written.name.text} of ${other.name?.text}`);
      }
      ts.forEachChild(node, (child) => visit(child, own));
    };
    visit(source, undefined);
  }
  return [...found].sort();
}

/** `a.b` of `a.b = …`, `a.b += …`, `a.b++` and `delete a.b`. */
function writtenTo(node: ts.Node): ts.PropertyAccessExpression | undefined {
  const target =
    ts.isBinaryExpression(node) &&
    node.operatorToken.kind >= ts.SyntaxKind.FirstAssignment &&
    node.operatorToken.kind <= ts.SyntaxKind.LastAssignment
      ? node.left
      : ts.isPostfixUnaryExpression(node) || (ts.isPrefixUnaryExpression(node) && isStep(node.operator))
        ? node.operand
        : ts.isDeleteExpression(node)
          ? node.expression
          : undefined;
  return target !== undefined && ts.isPropertyAccessExpression(target) ? target : undefined;
}

const isStep = (kind: ts.SyntaxKind) =>
  kind === ts.SyntaxKind.PlusPlusToken || kind === ts.SyntaxKind.MinusMinusToken;

const isThis = (node: ts.Node) => node.kind === ts.SyntaxKind.ThisKeyword;

const classOf = (type: ts.Type): ts.ClassDeclaration | undefined =>
  type.getSymbol()?.declarations?.find(ts.isClassDeclaration);

/** The same class, or one that `own` extends. */
function isSame(checker: ts.TypeChecker, other: ts.ClassDeclaration, own: ts.ClassDeclaration): boolean {
  if (other === own) return true;
  const type = checker.getTypeAtLocation(own);
  return (type.getBaseTypes() ?? []).some((base) => {
    const parent = classOf(base);
    return parent !== undefined && isSame(checker, other, parent);
  });
}
