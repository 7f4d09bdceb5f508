/**
 * The rules for names, labels and keys, with the sentences of the API server.
 * https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
 * Each function returns what is wrong, as the messages to print; none when the value is right.
 */
const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const LABEL_1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const QUALIFIED = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const LABEL_VALUE = `(${QUALIFIED})?`;
const CONFIG_KEY = '[-._a-zA-Z0-9]+';

const whole = (pattern: string) => new RegExp(`^${pattern}$`);
const patterns = {
  label: whole(LABEL),
  subdomain: whole(SUBDOMAIN),
  label1035: whole(LABEL_1035),
  qualified: whole(QUALIFIED),
  labelValue: whole(LABEL_VALUE),
  configKey: whole(CONFIG_KEY),
};

/** Names are said to be too long in characters, labels in bytes; both are counted in bytes. */
export const tooManyCharacters = (limit: number) => `must be no more than ${limit} characters`;
export const tooManyBytes = (limit: number) => `must be no more than ${limit} bytes`;

const bytes = (text: string) => Buffer.byteLength(text);

/** `<sentence> (e.g. 'a', or 'b', regex used for validation is '…')`. */
export function regexProblem(sentence: string, pattern: string, ...examples: string[]): string {
  const shown = examples.map((example) => `'${example}', `).join(' or ');
  return `${sentence} (${examples.length > 0 ? `e.g. ${shown}` : ''}regex used for validation is '${pattern}')`;
}

export function dns1123LabelProblems(value: string): string[] {
  const problems: string[] = [];
  if (bytes(value) > 63) problems.push(tooManyCharacters(63));
  if (!patterns.label.test(value))
    problems.push(
      patterns.subdomain.test(value)
        ? 'must not contain dots'
        : regexProblem(
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
            LABEL,
            'my-name',
            '123-abc',
          ),
    );
  return problems;
}

export function dns1123SubdomainProblems(value: string): string[] {
  const problems: string[] = [];
  if (bytes(value) > 253) problems.push(tooManyCharacters(253));
  if (!patterns.subdomain.test(value))
    problems.push(
      regexProblem(
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
        SUBDOMAIN,
        'example.com',
      ),
    );
  return problems;
}

export function dns1035LabelProblems(value: string): string[] {
  const problems: string[] = [];
  if (bytes(value) > 63) problems.push(tooManyCharacters(63));
  if (!patterns.label1035.test(value))
    problems.push(
      regexProblem(
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
        LABEL_1035,
        'my-name',
        'abc-123',
      ),
    );
  return problems;
}

/** `*.example.com`, as hosts of Ingresses may be. */
export function wildcardDnsProblems(value: string): string[] {
  const pattern = `\\*\\.${SUBDOMAIN}`;
  const problems: string[] = [];
  if (bytes(value) > 253) problems.push(tooManyCharacters(253));
  if (!whole(pattern).test(value))
    problems.push(
      regexProblem(
        "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
        pattern,
        '*.example.com',
      ),
    );
  return problems;
}

/** Keys of labels, annotations and selectors: `name` or `prefix/name`. */
export function qualifiedNameProblems(value: string): string[] {
  const problems: string[] = [];
  const parts = value.split('/');
  let name = parts[0] ?? '';
  if (parts.length === 2) {
    const [prefix = '', rest = ''] = parts;
    name = rest;
    if (prefix === '') problems.push('prefix part must be non-empty');
    else problems.push(...prefixProblems(prefix));
  } else if (parts.length > 2) {
    return [
      `a valid label key ${regexProblem(
        "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
        QUALIFIED,
        'MyName',
        'my.name',
        '123-abc',
      )} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  if (name === '') problems.push('name part must be non-empty');
  else if (bytes(name) > 63) problems.push(`name part ${tooManyBytes(63)}`);
  if (!patterns.qualified.test(name))
    problems.push(
      `name part ${regexProblem(
        "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
        QUALIFIED,
        'MyName',
        'my.name',
        '123-abc',
      )}`,
    );
  return problems;
}

function prefixProblems(prefix: string): string[] {
  return dns1123SubdomainProblems(prefix).map(
    (problem) => `prefix part ${problem.replace(/ characters$/, ' bytes')}`,
  );
}

export function labelValueProblems(value: string): string[] {
  const problems: string[] = [];
  if (bytes(value) > 63) problems.push(tooManyBytes(63));
  if (!patterns.labelValue.test(value))
    problems.push(
      regexProblem(
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
        LABEL_VALUE,
        'MyValue',
        'my_value',
        '12345',
      ),
    );
  return problems;
}

/** Names of ports: IANA service names. */
export function portNameProblems(value: string): string[] {
  const problems: string[] = [];
  if (value.length > 15) problems.push(tooManyCharacters(15));
  if (!/^[-a-z0-9]+$/.test(value))
    problems.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(value)) problems.push('must contain at least one letter (a-z)');
  if (value.includes('--')) problems.push('must not contain consecutive hyphens');
  if (value !== '' && (value.startsWith('-') || value.endsWith('-')))
    problems.push('must not begin or end with a hyphen');
  return problems;
}

/** Numbers of ports. */
export function portNumberProblems(value: number): string[] {
  return value >= 1 && value <= 65535 ? [] : ['must be between 1 and 65535, inclusive'];
}

/** Names of environment variables: any printable ASCII but `=`. */
export function environmentVariableProblems(value: string): string[] {
  if (value === '') return ['environment variable name must be non-empty'];
  return /^[ -<>-~]+$/.test(value)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

/** Keys of ConfigMaps and Secrets. */
export function configKeyProblems(value: string): string[] {
  const problems: string[] = [];
  if (value.length > 253) problems.push(tooManyCharacters(253));
  if (!patterns.configKey.test(value))
    problems.push(
      regexProblem(
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
        CONFIG_KEY,
        'key.name',
        'KEY_NAME',
        'key-name',
      ),
    );
  if (value === '.') problems.push("must not be '.'");
  if (value === '..') problems.push("must not be '..'");
  else if (value.startsWith('..')) problems.push("must not start with '..'");
  return problems;
}

/** Names of RBAC objects and others that are one segment of a path. */
export function pathSegmentProblems(value: string): string[] {
  if (value === '.' || value === '..') return [`may not be '${value}'`];
  return ['/', '%'].filter((part) => value.includes(part)).map((part) => `may not contain '${part}'`);
}

/** A name with the random suffix still to come: what the prefix must be for the whole to be right. */
export const maskTrailingDash = (prefix: string): string =>
  prefix.length > 1 && prefix.endsWith('-') ? `${prefix.slice(0, -2)}a` : prefix;
