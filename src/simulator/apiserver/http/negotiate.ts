import { ApiError } from '../api-error.js';

/** How an answer is to be written. */
export interface Format {
  /** `Table` and the partial forms are what kubectl and metadata clients ask for with `as=`. */
  as: 'object' | 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList';
  /** Version of meta.k8s.io for `as`. */
  metaVersion: 'v1' | 'v1beta1';
  media: 'json' | 'yaml';
}

const PLAIN: Format = { as: 'object', metaVersion: 'v1', media: 'json' };
const FORMS = new Set(['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList']);
const KNOWN = new Map<string, Format>();

/**
 * The first alternative of an Accept header that the server can give; https://kubernetes.io/docs/reference/using-api/api-concepts/#alternate-representations-of-resources
 * Throws 406 NotAcceptable when there is none, e.g. for protobuf alone.
 */
export function negotiate(accept: string | undefined): Format {
  if (accept === undefined || accept === '' || accept === 'application/json') return PLAIN;
  const known = KNOWN.get(accept);
  if (known) return known;
  for (const alternative of accept.split(',')) {
    const format = parseAlternative(alternative);
    if (!format) continue;
    if (KNOWN.size < 100) KNOWN.set(accept, format);
    return format;
  }
  throw new ApiError(
    406,
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/json;stream=watch, application/yaml',
  );
}

function parseAlternative(text: string): Format | undefined {
  const [mediaType = '', ...parameters] = text.split(';').map((part) => part.trim());
  const media = mediaOf(mediaType);
  if (!media) return undefined;
  const values = new Map(parameters.map((parameter) => parameter.split('=', 2) as [string, string]));
  const as = values.get('as');
  if (as === undefined) return { ...PLAIN, media };
  const version = values.get('v');
  if (!FORMS.has(as) || values.get('g') !== 'meta.k8s.io' || (version !== 'v1' && version !== 'v1beta1'))
    return undefined;
  return { as: as as Format['as'], metaVersion: version, media };
}

function mediaOf(mediaType: string): Format['media'] | undefined {
  if (mediaType === 'application/json' || mediaType === '*/*' || mediaType === 'application/*') return 'json';
  return mediaType === 'application/yaml' ? 'yaml' : undefined;
}
