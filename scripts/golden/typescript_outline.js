// Prints the named functions of JavaScript and TypeScript files as TypeScript's own parser sees
// them: {file: [[name, line, last line, scope or null], ...]}. Needs Debian's node-typescript.
const fs = require('fs');
const ts = require('/usr/share/nodejs/typescript/lib/typescript.js');

function nameOf(node) {
  const parent = node.parent;
  if (parent.name && parent.initializer === node) return parent.name.getText();
  if (ts.isBinaryExpression(parent) && parent.right === node &&
      parent.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
    return ts.isPropertyAccessExpression(parent.left) ? parent.left.name.text : parent.left.getText();
  }
  if (ts.isConstructorDeclaration(node)) return 'constructor';
  return node.name ? node.name.getText() : null;
}

function functionsOf(file) {
  const text = fs.readFileSync(file, 'utf8');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const line = (position) => source.getLineAndCharacterOfPosition(position).line + 1;
  const result = [];
  function visit(node, scope) {
    let inside = scope;
    if (ts.isClassLike(node)) inside = node.name ? node.name.text : nameOf(node) || scope;
    if (ts.isFunctionLike(node) && node.body) {
      const name = nameOf(node);
      if (name && !/[^\w.$#[\]]/.test(name)) {
        result.push([name, line(node.getStart()), line(node.end), scope]);
        inside = name.split('.').pop();
      }
    }
    ts.forEachChild(node, (child) => visit(child, inside));
  }
  visit(source, null);
  return result.sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1));
}

const outline = {};
for (const file of process.argv.slice(2)) outline[file] = functionsOf(file);
console.log(JSON.stringify(outline));
