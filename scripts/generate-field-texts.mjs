// Writes src/simulator/schema/data/field-texts.generated.json: what `kubectl explain` says about every API type and
// field. The texts are the Kubernetes project's (Apache-2.0); they are not kept in this repository but read out of two
// installed packages: @kubernetes/client-node describes the release we simulate, and kubernetes-models has what
// client-node leaves out: the texts of fields that refer to other types, and the line breaks.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const clientNode = join(root, 'node_modules/@kubernetes/client-node/dist/gen/models');
const models = join(root, 'node_modules/kubernetes-models');
const machineryModels = join(root, 'node_modules/@kubernetes-models/apimachinery');

const DOCUMENTED =
  /\/\*\*(?<comment>(?:[^*]|\*(?!\/))*)\*\/\s*(?:export (?:declare )?(?:class|interface|type) (?<type>\w+)|(?<field>'[^']+'|"[^"]+"|\w+)\??:)|export (?:declare )?(?:class|interface|type) (?<plain>\w+)/g;

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return '';
    throw error;
  }
}

/** The text of a documentation comment; empty lines of it part paragraphs. */
function textOf(comment) {
  const lines = comment.split('\n').map((line) => line.replace(/^\s*\* ?/, '').trimEnd());
  return lines
    .join('\n')
    .trim()
    .replace(/\\(['"`\\*])/g, '$1');
}

/** `{TypeName: {'': text of the type, field: its text}}` of one .d.ts file. */
function textsOfDeclarations(source) {
  const texts = {};
  let current;
  for (const { groups } of source.matchAll(DOCUMENTED)) {
    const { comment, type, field, plain } = groups;
    if (type || plain) {
      current = {};
      texts[type ?? plain] = current;
    }
    if (type) current[''] = textOf(comment);
    if (field && current) current[field.replace(/['"]/g, '')] = textOf(comment);
  }
  return texts;
}

const capitalized = (word) => word[0].toUpperCase() + word.slice(1);

/** The texts of one type in client-node, whose file names carry the group only where two groups share a name. */
function ofClientNode(fullName) {
  const [name, version, group] = fullName.split('.').reverse();
  const short = `${capitalized(version)}${name}`;
  for (const className of [`${capitalized(group)}${short}`, short]) {
    const texts = textsOfDeclarations(readIfThere(join(clientNode, `${className}.d.ts`)))[className];
    if (texts) return texts;
  }
  return {};
}

/** `io.k8s.api.apps` → `apps`, `io.k8s.api.networking` → `networking.k8s.io`, read off the kinds among the types. */
function groupsByPackage(types) {
  const groups = {};
  for (const [fullName, { gvk }] of Object.entries(types))
    if (gvk) groups[fullName.split('.').slice(0, -2).join('.')] = gvk[0].group;
  return groups;
}

/** The texts of one type in kubernetes-models: a file a type, in folders of API groups. */
function ofModels(fullName, groups) {
  const parts = fullName.split('.');
  const [name, version] = [parts.at(-1), parts.at(-2)];
  const machinery = fullName.startsWith('io.k8s.apimachinery.pkg.');
  const folder = machinery
    ? join(machineryModels, ...parts.slice(4, -1))
    : join(models, groups[parts.slice(0, -2).join('.')] ?? '', version);
  return textsOfDeclarations(readIfThere(join(folder, `${name}.d.ts`)))[`I${name}`] ?? {};
}

const squeezed = (text) => text.replace(/\s+/g, ' ');

/** The newer text, with the older one's line breaks where they say the same. */
function choose(newer, older) {
  if (!newer) return older;
  return older && squeezed(newer) === squeezed(older) ? older : newer;
}

/** client-node renames what is no identifier or a keyword: `$ref` → `ref`, `default` → `_default`. */
const lookUp = (texts, field) => texts[field] ?? texts[field.replace('$', '')] ?? texts[`_${field}`];

/** `{full type name: {'': text of the type, field: its text}}` for every type of schema/data/types.json. */
export function generateFieldTexts() {
  const types = JSON.parse(readFileSync(join(root, 'src/simulator/schema/data/types.json'), 'utf8'));
  const groups = groupsByPackage(types);
  const result = {};
  for (const [fullName, type] of Object.entries(types)) {
    const newer = ofClientNode(fullName);
    const older = ofModels(fullName, groups);
    const texts = {};
    for (const field of ['', ...Object.keys(type.fields ?? {})]) {
      const text = choose(lookUp(newer, field), lookUp(older, field));
      if (text) texts[field] = text;
    }
    if (Object.keys(texts).length > 0) result[fullName] = texts;
  }
  return result;
}

export function writeFieldTexts() {
  const path = join(root, 'src/simulator/schema/data/field-texts.generated.json');
  writeFileSync(path, `${JSON.stringify(generateFieldTexts())}\n`);
  return path;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.log(writeFieldTexts());
