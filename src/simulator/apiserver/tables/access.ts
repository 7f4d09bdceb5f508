import type { CertificateSigningRequest } from '../../api/certificates-v1.generated.js';
import type { ClusterRoleBinding, RoleBinding, Subject } from '../../api/rbac-v1.generated.js';
import { humanDuration } from '../../machinery/duration.js';
import { age, type Cell, NONE } from './cell.js';

function subjectsOf(subjects: readonly Subject[] | undefined, kind: string): string {
  const names = (subjects ?? [])
    .filter((subject) => subject.kind === kind)
    .map(({ name, namespace }) => (kind === 'ServiceAccount' ? `${namespace ?? ''}/${name}` : name));
  return names.join(', ');
}

/** Of a RoleBinding or a ClusterRoleBinding. */
export function printRoleBinding(binding: RoleBinding | ClusterRoleBinding, nowMs: number): Cell[] {
  const { metadata, roleRef, subjects } = binding;
  return [
    metadata.name,
    `${roleRef.kind}/${roleRef.name}`,
    age(binding, nowMs),
    subjectsOf(subjects, 'User'),
    subjectsOf(subjects, 'Group'),
    subjectsOf(subjects, 'ServiceAccount'),
  ];
}

function requestState({ status }: CertificateSigningRequest): string {
  const types = new Set(status?.conditions?.map((condition) => condition.type));
  const verdict = types.has('Denied') ? 'Denied' : types.has('Approved') ? 'Approved' : 'Pending';
  return `${verdict}${types.has('Failed') ? ',Failed' : ''}${status?.certificate ? ',Issued' : ''}`;
}

export function printCertificateSigningRequest(request: CertificateSigningRequest, nowMs: number): Cell[] {
  const { metadata, spec } = request;
  return [
    metadata.name,
    age(request, nowMs),
    spec.signerName || NONE,
    spec.username ?? '',
    spec.expirationSeconds === undefined ? NONE : humanDuration(spec.expirationSeconds * 1000),
    requestState(request),
  ];
}
