import {
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  parseAllDocuments,
} from 'yaml';

export interface Position {
  line: number;
  column: number;
}

export type YamlPath = readonly PropertyKey[];

/** One YAML document as plain values, which remembers where each of them is written. */
export interface YamlDocument {
  value: unknown;
  /** Of the value at a path, or of the closest value above it that is there. */
  positionOf(path: YamlPath): Position;
  /** Of the key itself. */
  positionOfKey(path: YamlPath, key: string): Position;
}

export type YamlReading = { documents: YamlDocument[]; errors: (Position & { message: string })[] };

/** Reads all documents of a file; empty ones are left out. Aliases are bounded by the parser. */
export function readYaml(text: string): YamlReading {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  if (!Array.isArray(parsed)) return { documents: [], errors: [] };
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const errors = parsed.flatMap((document) =>
    document.errors.map((error) => ({ ...at(error.pos[0]), message: error.message })),
  );
  if (errors.length > 0) return { documents: [], errors };
  const documents: YamlDocument[] = [];
  for (const document of parsed) {
    const root: ParsedNode | null = document.contents;
    if (root === null) continue;
    try {
      documents.push({
        value: document.toJS({ maxAliasCount: 100 }),
        positionOf: (path) => at(startOf(closestNode(root, path))),
        positionOfKey: (path, key) => at(startOf(keyNode(closestNode(root, path), key))),
      });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      errors.push({ ...at(startOf(root)), message });
    }
  }
  return { documents, errors };
}

function closestNode(root: Node, path: YamlPath): Node {
  let node = root;
  for (const part of path) {
    const next = childOf(node, part);
    if (next === undefined) return node;
    node = next;
  }
  return node;
}

function childOf(node: Node, part: PropertyKey): Node | undefined {
  if (isSeq(node)) {
    const item = node.items[Number(part)];
    return isNode(item) ? item : undefined;
  }
  if (!isMap(node)) return undefined;
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
  if (isNode(pair?.value)) return pair.value;
  return isNode(pair?.key) ? pair.key : undefined;
}

function keyNode(node: Node, name: string): Node {
  if (!isMap(node)) return node;
  const key = node.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === name)?.key;
  return isNode(key) ? key : node;
}

const startOf = (node: Node): number => node.range?.[0] ?? 0;
