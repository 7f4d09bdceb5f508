import type {
  Container,
  ContainerPort,
  EnvVar,
  EnvVarSource,
  LifecycleHandler,
  PodSpec,
  Probe,
  VolumeMount,
} from '../api/core-v1.generated.js';
import {
  configKeyProblems,
  dns1123LabelProblems,
  environmentVariableProblems,
  portNameProblems,
  portNumberProblems,
} from '../machinery/names.js';
import {
  duplicate,
  forbidden,
  invalid,
  notFound,
  notSupported,
  type Problems,
  required,
} from './problems.js';
import { validateResources } from './resources.js';
import {
  atMostOneMember,
  checked,
  type Loose,
  nonNegative,
  oneOf,
  positive,
  requiredAnd,
  requiredOneOf,
  requiredText,
} from './rules.js';
import { relativePathProblems } from './volumes.js';

/** As the API server lists them: sorted. */
const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never'];
const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const TERMINATION_POLICIES = ['FallbackToLogsOnError', 'File'];

export function* validateContainers(
  field: string,
  containers: Loose<Container>[],
  volumes: ReadonlySet<string>,
  spec: Loose<PodSpec>,
): Problems {
  if (containers.length === 0) {
    yield required(field);
    return;
  }
  const names = new Set<string>();
  for (const [index, container] of containers.entries()) {
    const path = `${field}[${index}]`;
    yield* validateContainer(path, container, volumes);
    const name = container.name ?? '';
    if (names.has(name)) yield duplicate(`${path}.name`, name);
    names.add(name);
    yield* validateLifecycle(`${path}.lifecycle`, container);
    yield* validateProbes(path, container);
    yield* oneOf(`${path}.restartPolicy`, container.restartPolicy, ['Always', 'Never', 'OnFailure']);
  }
  if (!spec.hostNetwork) yield* validateHostPortConflicts(field, containers);
}

export function* validateInitContainers(
  field: string,
  spec: Loose<PodSpec>,
  volumes: ReadonlySet<string>,
): Problems {
  const names = new Set((spec.containers ?? []).map(({ name }) => name ?? ''));
  for (const [index, container] of (spec.initContainers ?? []).entries()) {
    const path = `${field}[${index}]`;
    yield* validateContainer(path, container, volumes);
    const name = container.name ?? '';
    if (names.has(name)) yield duplicate(`${path}.name`, name);
    names.add(name);
    if (container.restartPolicy === 'Always') {
      yield* validateLifecycle(`${path}.lifecycle`, container);
      yield* validateProbes(path, container);
    } else {
      yield* forbidRunningFeatures(path, container);
    }
  }
}

/** What makes sense only for containers that keep running. */
function* forbidRunningFeatures(path: string, container: Loose<Container>): Problems {
  const detail = 'may not be set for init containers without restartPolicy=Always';
  for (const member of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const)
    if (container[member] !== undefined) yield forbidden(`${path}.${member}`, detail);
}

function* validateContainer(
  path: string,
  container: Loose<Container>,
  volumes: ReadonlySet<string>,
): Problems {
  yield* requiredAnd(`${path}.name`, container.name, dns1123LabelProblems);
  const image = container.image ?? '';
  if (image === '') yield required(`${path}.image`);
  else if (image.trim() !== image)
    yield invalid(`${path}.image`, image, 'must not have leading or trailing whitespace');
  yield* oneOf(`${path}.terminationMessagePolicy`, container.terminationMessagePolicy, TERMINATION_POLICIES);
  yield* validatePorts(`${path}.ports`, container.ports ?? []);
  yield* validateEnvironment(path, container);
  yield* validateMounts(`${path}.volumeMounts`, container.volumeMounts ?? [], volumes);
  yield* requiredOneOf(`${path}.imagePullPolicy`, container.imagePullPolicy, PULL_POLICIES);
  yield* validateResources(`${path}.resources`, container.resources);
}

function* validatePorts(field: string, ports: Loose<ContainerPort>[]): Problems {
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const path = `${field}[${index}]`;
    if (port.name) {
      const problems = portNameProblems(port.name);
      for (const problem of problems) yield invalid(`${path}.name`, port.name, problem);
      if (problems.length === 0 && names.has(port.name)) yield duplicate(`${path}.name`, port.name);
      names.add(port.name);
    }
    if (!port.containerPort) yield required(`${path}.containerPort`);
    else yield* portNumber(`${path}.containerPort`, port.containerPort);
    if (port.hostPort) yield* portNumber(`${path}.hostPort`, port.hostPort);
    yield* requiredOneOf(`${path}.protocol`, port.protocol, PROTOCOLS);
  }
}

function* portNumber(field: string, value: number): Problems {
  for (const problem of portNumberProblems(value)) yield invalid(field, value, problem);
}

/** A port by number or by name. */
export function* portNumberOrName(field: string, value: number | string | undefined): Problems {
  if (typeof value === 'string') yield* checked(field, value, portNameProblems);
  else yield* portNumber(field, value ?? 0);
}

function* validateHostPortConflicts(field: string, containers: Loose<Container>[]): Problems {
  const taken = new Set<string>();
  for (const [index, container] of containers.entries())
    for (const [at, port] of (container.ports ?? []).entries()) {
      if (!port.hostPort) continue;
      const key = `${port.protocol}/${port.hostIP ?? ''}/${port.hostPort}`;
      if (taken.has(key)) yield duplicate(`${field}[${index}].ports[${at}].hostPort`, key);
      taken.add(key);
    }
}

function* validateEnvironment(path: string, container: Loose<Container>): Problems {
  for (const [index, variable] of (container.env ?? []).entries())
    yield* validateVariable(`${path}.env[${index}]`, variable);
  for (const [index, source] of (container.envFrom ?? []).entries()) {
    const from = `${path}.envFrom[${index}]`;
    if (source.prefix) yield* checked(`${from}.prefix`, source.prefix, environmentVariableProblems);
    if (source.configMapRef) yield* requiredText(`${from}.configMapRef.name`, source.configMapRef.name);
    if (source.secretRef) yield* requiredText(`${from}.secretRef.name`, source.secretRef.name);
    if (!source.configMapRef && !source.secretRef)
      yield invalid(from, '', 'must specify one of: `configMapRef` or `secretRef`');
    else if (source.configMapRef && source.secretRef)
      yield invalid(from, '', 'may not have more than one field specified at a time');
  }
}

function* validateVariable(path: string, variable: Loose<EnvVar>): Problems {
  yield* requiredAnd(`${path}.name`, variable.name, environmentVariableProblems);
  if (variable.valueFrom) yield* validateValueFrom(`${path}.valueFrom`, variable.valueFrom, variable.value);
}

const POD_FIELDS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];

function* validateValueFrom(path: string, source: Loose<EnvVarSource>, value: string | undefined): Problems {
  if (source.fieldRef) yield* validateFieldPath(`${path}.fieldRef`, source.fieldRef.fieldPath);
  if (source.resourceFieldRef)
    yield* requiredText(`${path}.resourceFieldRef.resource`, source.resourceFieldRef.resource);
  for (const reference of ['configMapKeyRef', 'secretKeyRef'] as const) {
    const selector = source[reference];
    if (!selector) continue;
    yield* requiredText(`${path}.${reference}.name`, selector.name);
    yield* requiredAnd(`${path}.${reference}.key`, selector.key, configKeyProblems);
  }
  const sources = Object.values(source).filter((member) => member !== undefined).length;
  if (sources === 0)
    yield invalid(
      path,
      '',
      'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`',
    );
  else if (value) yield invalid(path, '', 'may not be specified when `value` is not empty');
  else if (sources > 1) yield invalid(path, '', 'may not have more than one field specified at a time');
}

function* validateFieldPath(path: string, fieldPath: string | undefined): Problems {
  if (!fieldPath) yield required(`${path}.fieldPath`);
  else if (!POD_FIELDS.includes(fieldPath) && !/^metadata\.(labels|annotations)\['.+'\]$/.test(fieldPath))
    yield notSupported(`${path}.fieldPath`, fieldPath, POD_FIELDS);
}

function* validateMounts(
  field: string,
  mounts: Loose<VolumeMount>[],
  volumes: ReadonlySet<string>,
): Problems {
  const paths = new Set<string>();
  for (const [index, mount] of mounts.entries()) {
    const path = `${field}[${index}]`;
    if (!mount.name) yield required(`${path}.name`);
    else if (!volumes.has(mount.name)) yield notFound(`${path}.name`, mount.name);
    if (!mount.mountPath) yield required(`${path}.mountPath`);
    else if (paths.has(mount.mountPath))
      yield invalid(`${path}.mountPath`, mount.mountPath, 'must be unique');
    paths.add(mount.mountPath ?? '');
    if (mount.subPath) yield* checked(`${path}.subPath`, mount.subPath, relativePathProblems);
    if (mount.subPath && mount.subPathExpr)
      yield invalid(
        `${path}.subPathExpr`,
        mount.subPathExpr,
        'subPathExpr and subPath are mutually exclusive',
      );
  }
}

function* validateLifecycle(path: string, container: Loose<Container>): Problems {
  const { postStart, preStop } = container.lifecycle ?? {};
  if (postStart)
    yield* validateHandler(`${path}.postStart`, postStart, ['exec', 'httpGet', 'tcpSocket', 'sleep']);
  if (preStop) yield* validateHandler(`${path}.preStop`, preStop, ['exec', 'httpGet', 'tcpSocket', 'sleep']);
}

function* validateProbes(path: string, container: Loose<Container>): Problems {
  yield* validateProbe(`${path}.livenessProbe`, container.livenessProbe, true);
  yield* validateProbe(`${path}.readinessProbe`, container.readinessProbe, false);
  yield* validateProbe(`${path}.startupProbe`, container.startupProbe, true);
  if (container.readinessProbe?.terminationGracePeriodSeconds !== undefined)
    yield invalid(
      `${path}.readinessProbe.terminationGracePeriodSeconds`,
      container.readinessProbe.terminationGracePeriodSeconds,
      'must not be set for readinessProbes',
    );
}

function* validateProbe(path: string, probe: Loose<Probe> | undefined, onceIsEnough: boolean): Problems {
  if (!probe) return;
  yield* validateHandler(path, probe, ['exec', 'httpGet', 'tcpSocket', 'grpc']);
  for (const member of [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ] as const)
    yield* nonNegative(`${path}.${member}`, probe[member]);
  yield* positive(`${path}.terminationGracePeriodSeconds`, probe.terminationGracePeriodSeconds);
  if (onceIsEnough && probe.successThreshold !== undefined && probe.successThreshold !== 1)
    yield invalid(`${path}.successThreshold`, probe.successThreshold, 'must be 1');
}

type Handler = Loose<LifecycleHandler> & Loose<Pick<Probe, 'grpc'>>;

function* validateHandler(path: string, handler: Handler, kinds: readonly string[]): Problems {
  yield* atMostOneMember(path, handler, kinds, 'may not specify more than 1 handler type');
  const { exec, httpGet, tcpSocket, grpc } = handler;
  if (exec && (exec.command ?? []).length === 0) yield required(`${path}.exec.command`);
  if (httpGet) {
    yield* requiredText(`${path}.httpGet.path`, httpGet.path);
    yield* portNumberOrName(`${path}.httpGet.port`, httpGet.port);
    yield* oneOf(`${path}.httpGet.scheme`, httpGet.scheme, ['HTTP', 'HTTPS']);
    for (const [index, header] of (httpGet.httpHeaders ?? []).entries())
      yield* checked(`${path}.httpGet.httpHeaders[${index}]`, header.name ?? '', headerNameProblems);
  }
  if (tcpSocket) yield* portNumberOrName(`${path}.tcpSocket.port`, tcpSocket.port);
  if (grpc) yield* portNumberOrName(`${path}.grpc.port`, grpc.port);
  if (kinds.every((kind) => (handler as Record<string, unknown>)[kind] === undefined))
    yield required(path, 'must specify a handler type');
}

const headerNameProblems = (name: string) =>
  /^[-A-Za-z0-9]+$/.test(name)
    ? []
    : [
        "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')",
      ];
