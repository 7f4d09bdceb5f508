/** `status.details.causes[]` of a Status, as the API server writes them. */
export interface StatusCause {
  reason: string;
  message: string;
  field: string;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

/** The body of every failed request; https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
export interface Status {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: Record<string, never>;
  status: 'Success' | 'Failure';
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code?: number;
}

/** A refusal of the API server; `message` is the sentence that kubectl prints. */
export class ApiError extends Error {
  constructor(
    readonly code: number,
    readonly reason: string,
    message: string,
    readonly details?: StatusDetails,
  ) {
    super(message);
    this.name = 'ApiError';
  }

  toStatus(): Status {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      reason: this.reason,
      ...(this.details && { details: this.details }),
      code: this.code,
    };
  }
}

interface Target {
  plural: string;
  group: string;
}

const qualified = ({ plural, group }: Target) => (group === '' ? plural : `${plural}.${group}`);
const details = ({ plural, group }: Target, name: string): StatusDetails => ({
  ...(name !== '' && { name }),
  ...(group !== '' && { group }),
  kind: plural,
});

export function notFound(target: Target, name: string): ApiError {
  return new ApiError(404, 'NotFound', `${qualified(target)} "${name}" not found`, details(target, name));
}

export function alreadyExists(target: Target, name: string): ApiError {
  return new ApiError(
    409,
    'AlreadyExists',
    `${qualified(target)} "${name}" already exists`,
    details(target, name),
  );
}

export function conflict(target: Target, name: string, why?: string): ApiError {
  const reason =
    why ?? 'the object has been modified; please apply your changes to the latest version and try again';
  return new ApiError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(target)} "${name}": ${reason}`,
    details(target, name),
  );
}

export function forbidden(target: Target, name: string, why: string): ApiError {
  const subject =
    name === '' ? `${qualified(target)} is forbidden` : `${qualified(target)} "${name}" is forbidden`;
  return new ApiError(403, 'Forbidden', `${subject}: ${why}`, details(target, name));
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message);
}

/** 422 with one cause per wrong field; `kind` is qualified by its group as in `Deployment.apps "web" is invalid: …`. */
export function invalid(kind: string, group: string, name: string, causes: StatusCause[]): ApiError {
  const each = causes.map((cause) =>
    cause.field === '' ? cause.message : `${cause.field}: ${cause.message}`,
  );
  const text = each.length === 1 ? each[0] : `[${each.join(', ')}]`;
  const qualifiedKind = group === '' ? kind : `${kind}.${group}`;
  return new ApiError(422, 'Invalid', `${qualifiedKind} "${name}" is invalid: ${text}`, {
    name,
    ...(group !== '' && { group }),
    kind,
    causes,
  });
}
