import { parseDocument } from 'yaml';
import { isObject } from '../machinery/json.js';
import { type Decoded, DecodeError, decodeValue } from './decode-json.js';

/** Tags of YAML 1.1 that turn text into something JSON does not have; Kubernetes' YAML keeps them as text. */
const TEXT_TAGS = /:(timestamp|binary|set|omap|pairs)$/;

/** Aliases are resolved at most this often, so that a small text cannot become a huge object. */
const MAX_ALIASES = 100;

/** `decodeJson` for a YAML body (`application/yaml`): one document, in YAML 1.1 as Kubernetes reads it. */
export function decodeYaml(text: string, typeName: string | undefined): Decoded {
  const document = parseDocument(text, {
    version: '1.1',
    uniqueKeys: false,
    customTags: (tags) => tags.filter((tag) => typeof tag === 'string' || !isTextTag(tag)),
  });
  const [error] = document.errors;
  if (error) throw new DecodeError(`error converting YAML to JSON: yaml: ${error.message}`, { cause: error });
  const value = toJson(() => document.toJS({ maxAliasCount: MAX_ALIASES }));
  if (!isObject(value)) throw new DecodeError('error converting YAML to JSON: yaml: a mapping is wanted');
  return { ...decodeValue(value, typeName), duplicateFields: [] };
}

/** Besides the named ones, numbers to the base of 60 (`1:30`), which are texts in YAML 1.2 and in Go. */
const isTextTag = ({ tag, format }: { tag: string; format?: string }) =>
  TEXT_TAGS.test(tag) || format === 'TIME';

function toJson(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    throw new DecodeError('error converting YAML to JSON: yaml: document contains excessive aliasing', {
      cause: error,
    });
  }
}
