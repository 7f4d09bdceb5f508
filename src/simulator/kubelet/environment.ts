import type {
  ConfigMap,
  Container,
  ContainerStatus,
  EnvVar,
  ObjectFieldSelector,
  Pod,
  ResourceFieldSelector,
  Secret,
  Service,
} from '../api/core-v1.generated.js';
import { formatQuantity, parseQuantity, quantityToBytes, quantityToMillis } from '../machinery/quantity.js';
import type { NodeContext } from './node-context.js';
import { RETRY_AFTER_MS, WaitingError } from './waiting-error.js';

/** Where a container's fields come from while it is being started. */
export interface EnvironmentSources {
  pod: Pod;
  podIp: string;
  node: NodeContext;
}

const unusable = (message: string) => new WaitingError('CreateContainerConfigError', message, RETRY_AFTER_MS);

/**
 * The environment of a container from `env` and `envFrom`, with Services' variables where wanted and `$(NAME)`
 * expanded. Throws WaitingError for a ConfigMap, Secret or key that does not exist.
 * https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
 */
export function resolveEnvironment(
  container: Container,
  sources: EnvironmentSources,
  imageEnv: Record<string, string>,
  hostname: string,
): Record<string, string> {
  const services = serviceVariables(sources);
  const given: Record<string, string> = {};
  for (const source of container.envFrom ?? []) Object.assign(given, readAll(source, sources));
  for (const variable of container.env ?? []) {
    const value = variable.valueFrom
      ? readFrom(variable, container, sources)
      : expand(variable.value ?? '', (name) => given[name] ?? services[name]);
    if (value !== undefined) given[variable.name] = value;
  }
  const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  return {
    PATH: path,
    HOSTNAME: hostname,
    ...imageEnv,
    ...given,
    ...without(services, given),
    HOME: given['HOME'] ?? imageEnv['HOME'] ?? '/root',
  };
}

function without(values: Record<string, string>, names: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !(name in names)));
}

/** Replaces `$(NAME)`; `$$(NAME)` stays as `$(NAME)`, and what `lookup` does not know stays as it is. */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  return text.replace(/\$\$|\$\(([^)]*)\)/g, (whole, name?: string) =>
    name === undefined ? '$' : (lookup(name) ?? whole),
  );
}

type EnvFrom = NonNullable<Container['envFrom']>[number];

function readAll(source: EnvFrom, { pod, node }: EnvironmentSources): Record<string, string> {
  const namespace = pod.metadata.namespace;
  const prefix = source.prefix ?? '';
  const values: Record<string, string> = {};
  if (source.configMapRef) {
    const { name = '', optional } = source.configMapRef;
    const map = node.client.get<ConfigMap>('configmaps', namespace, name);
    if (!map && !optional) throw unusable(`configmap "${name}" not found`);
    for (const [key, value] of Object.entries(map?.data ?? {})) values[prefix + key] = value;
  }
  if (source.secretRef) {
    const { name = '', optional } = source.secretRef;
    const secret = node.client.get<Secret>('secrets', namespace, name);
    if (!secret && !optional) throw unusable(`secret "${name}" not found`);
    for (const [key, value] of Object.entries(secret?.data ?? {})) values[prefix + key] = decode(value);
  }
  return values;
}

const decode = (base64: string) => Buffer.from(base64, 'base64').toString();

function readFrom(variable: EnvVar, container: Container, sources: EnvironmentSources): string | undefined {
  const { configMapKeyRef, secretKeyRef, fieldRef, resourceFieldRef } = variable.valueFrom ?? {};
  const { pod, node } = sources;
  const namespace = pod.metadata.namespace;
  if (configMapKeyRef) {
    const { name = '', key, optional } = configMapKeyRef;
    const map = node.client.get<ConfigMap>('configmaps', namespace, name);
    if (!map && !optional) throw unusable(`configmap "${name}" not found`);
    const value = map?.data?.[key];
    if (map && value === undefined && !optional)
      throw unusable(`couldn't find key ${key} in ConfigMap ${namespace}/${name}`);
    return value;
  }
  if (secretKeyRef) {
    const { name = '', key, optional } = secretKeyRef;
    const secret = node.client.get<Secret>('secrets', namespace, name);
    if (!secret && !optional) throw unusable(`secret "${name}" not found`);
    const value = secret?.data?.[key];
    if (secret && value === undefined && !optional)
      throw unusable(`couldn't find key ${key} in Secret ${namespace}/${name}`);
    return value === undefined ? undefined : decode(value);
  }
  if (fieldRef) return readField(fieldRef, sources);
  return resourceFieldRef ? readResource(resourceFieldRef, pod, container, node) : undefined;
}

/** A pod's field as the downward API gives it, in variables and in files. */
export function readField(
  { fieldPath }: ObjectFieldSelector,
  { pod, podIp, node }: EnvironmentSources,
): string {
  const subscript = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(fieldPath);
  if (subscript) return pod.metadata[subscript[1] as 'labels' | 'annotations']?.[subscript[2] ?? ''] ?? '';
  const values: Record<string, string | undefined> = {
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace,
    'metadata.uid': pod.metadata.uid,
    'metadata.labels': formatMap(pod.metadata.labels),
    'metadata.annotations': formatMap(pod.metadata.annotations),
    'spec.nodeName': pod.spec?.nodeName,
    'spec.serviceAccountName': pod.spec?.serviceAccountName,
    'status.podIP': podIp,
    'status.podIPs': podIp,
    'status.hostIP': node.ip,
    'status.hostIPs': node.ip,
  };
  return values[fieldPath] ?? '';
}

const formatMap = (map: Record<string, string> = {}) =>
  Object.keys(map)
    .sort()
    .map((key) => `${key}=${JSON.stringify(map[key])}`)
    .join('\n');

/** A container's request or limit in units of the divisor; without a limit it is what the node has. */
export function readResource(
  selector: ResourceFieldSelector,
  pod: Pod,
  own: Container | undefined,
  node: NodeContext,
): string {
  const container = selector.containerName
    ? [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].find(
        (each) => each.name === selector.containerName,
      )
    : own;
  const [kind = 'limits', name = 'cpu'] = selector.resource.split('.') as ['limits' | 'requests', string];
  const { requests, limits } = container?.resources ?? {};
  const fallback = name === 'cpu' || name === 'memory' ? node.allocatable[name] : '0';
  const value =
    (kind === 'limits' ? (limits?.[name] ?? fallback) : (requests?.[name] ?? limits?.[name] ?? '0')) || '0';
  const divisor = selector.divisor && selector.divisor !== '0' ? selector.divisor : '1';
  const units =
    name === 'cpu'
      ? quantityToMillis(value) / quantityToMillis(divisor)
      : quantityToBytes(value) / quantityToBytes(divisor);
  return String(Math.ceil(units));
}

/** `WEB_SERVICE_HOST` and its relatives for the Services of the pod's namespace, and the API server's. */
function serviceVariables({ pod, node }: EnvironmentSources): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const service of node.client.list<Service>('services')) {
    const { namespace, name } = service.metadata;
    const isApiServer = namespace === 'default' && name === 'kubernetes';
    const linked = pod.spec?.enableServiceLinks !== false && namespace === pod.metadata.namespace;
    const ip = service.spec?.clusterIP;
    if ((linked || isApiServer) && ip && ip !== 'None')
      Object.assign(variables, variablesOf(name, ip, service));
  }
  return variables;
}

function variablesOf(name: string, ip: string, service: Service): Record<string, string> {
  const prefix = name.toUpperCase().replaceAll('-', '_');
  const [first] = service.spec?.ports ?? [];
  const variables: Record<string, string> = { [`${prefix}_SERVICE_HOST`]: ip };
  if (!first) return variables;
  const protocolOf = (port: typeof first) => (port.protocol ?? 'TCP').toLowerCase();
  variables[`${prefix}_SERVICE_PORT`] = String(first.port);
  variables[`${prefix}_PORT`] = `${protocolOf(first)}://${ip}:${first.port}`;
  for (const port of service.spec?.ports ?? []) {
    const base = `${prefix}_PORT_${port.port}_${protocolOf(port).toUpperCase()}`;
    if (port.name)
      variables[`${prefix}_SERVICE_PORT_${port.name.toUpperCase().replaceAll('-', '_')}`] = String(port.port);
    variables[base] = `${protocolOf(port)}://${ip}:${port.port}`;
    variables[`${base}_PROTO`] = protocolOf(port);
    variables[`${base}_PORT`] = String(port.port);
    variables[`${base}_ADDR`] = ip;
  }
  return variables;
}

/** `allocatedResources` and `resources` of a container's status: quantities in their canonical form. */
export function statusResources(
  container: Container,
): Pick<ContainerStatus, 'allocatedResources' | 'resources'> {
  const { requests, limits } = container.resources ?? {};
  const canonical = (values: Record<string, string> | undefined) =>
    values &&
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, formatQuantity(parseQuantity(value))]),
    );
  return {
    ...(requests && { allocatedResources: canonical(requests) }),
    resources: {
      ...(limits && { limits: canonical(limits) }),
      ...(requests && { requests: canonical(requests) }),
    },
  };
}
