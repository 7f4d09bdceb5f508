import { z } from 'zod';

const list = (description: string, fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((text) =>
      text
        .split(',')
        .map((part) => part.trim())
        .filter((part) => part !== ''),
    )
    .describe(description);

const numberText = (min: number, max: number) =>
  z.string().transform((text, context) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    context.addIssue({ code: 'custom', message: `must be a whole number from ${min} to ${max}` });
    return z.NEVER;
  });

const wholeNumber = (description: string, fallback: number, min: number, max: number) =>
  numberText(min, max).prefault(String(fallback)).describe(description);

const address = (description: string, protocols: RegExp, example: string) =>
  z
    .string()
    .refine(
      (text) => URL.canParse(text) && protocols.test(new URL(text).protocol),
      `must look like ${example}`,
    )
    .optional()
    .describe(description);

const ROLES = 'What this process does: `api`, `host` or both.';

const roles = list(ROLES, 'api,host')
  .pipe(z.array(z.enum(['api', 'host'], 'must be api, host or both')).min(1, 'must name api, host or both'))
  .describe(ROLES);

/** Every setting of the program: its name, form, default and meaning. README's table is made from this. */
export const ENVIRONMENT = {
  SEATRIAL_DATA: z
    .string()
    .min(1)
    .default('.data')
    .describe('Folder for everything that is kept: database, queue, clusters, homes.'),
  PORT: wholeNumber('Where the HTTP API and the page listen; 0 picks a free port.', 3000, 0, 65_535),
  HOST: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('Address to listen on. `0.0.0.0` opens the service to the network.'),
  SEATRIAL_ROLES: roles,
  SEATRIAL_PUBLIC_URL: address(
    'The address that users type. Taken from `HOST` and `PORT` when absent; set it behind a proxy.',
    /^https?:$/,
    'https://labs.example.org',
  ),
  DATABASE_URL: address(
    'PostgreSQL to use. The program runs its own when absent.',
    /^postgres(ql)?:$/,
    'postgresql://user:password@db.example.org/seatrial',
  ),
  REDIS_URL: address(
    'Redis to use. The program runs its own when absent.',
    /^rediss?:$|^unix:$/,
    'redis://cache.example.org:6379',
  ),
  SEATRIAL_ADMIN_TOKEN: z
    .string()
    .min(16, 'must have at least 16 characters')
    .optional()
    .describe('A token that is an administrator’s from the first start on.'),
  SEATRIAL_SECRET: z
    .string()
    .min(32, 'must have at least 32 characters')
    .optional()
    .describe(
      'Signs cookies, tickets and access keys; the same for all processes. Made and kept in the data folder when absent.',
    ),
  SEATRIAL_SCENARIOS: list('Folders with scenarios, separated by commas.', 'scenarios'),
  SEATRIAL_DRIVER: z
    .enum(['simulated', 'kind'], 'must be simulated or kind')
    .default('simulated')
    .describe('The kind of cluster a lab gets unless it asks for another: `simulated` or `kind`.'),
  SEATRIAL_KIND_IMAGE: z
    .string()
    .min(1)
    .optional()
    .describe('The node image of kind clusters. The default of the kind command when absent.'),
  SEATRIAL_LAB_TTL_MINUTES: wholeNumber('How long a lab lives unless it is extended.', 240, 1, 43_200),
  SEATRIAL_LAB_MAX_MINUTES: wholeNumber('How long a lab can live with all extensions.', 720, 1, 43_200),
  SEATRIAL_LABS_PER_USER: numberText(1, 10_000)
    .optional()
    .describe('Labs a user may have at once. When absent 3 for learners, no limit for others.'),
  SEATRIAL_HOST_SLOTS: wholeNumber('Sandboxes this host takes at once.', 200, 1, 100_000),
  SEATRIAL_HOST_NAME: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/, 'must be a host name')
    .optional()
    .describe('How this host is called in `/admin/hosts`. The machine’s name when absent.'),
  SEATRIAL_GATEWAY_HOST: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('Address on which a host serves its sandboxes to the api processes.'),
  SEATRIAL_GATEWAY_PORT: wholeNumber('Port of the same; 0 picks a free one.', 0, 0, 65_535),
  SEATRIAL_GATEWAY_URL: address(
    'How the api processes reach this host’s gateway, when not by its own address.',
    /^https?:$/,
    'http://10.0.0.7:7000',
  ),
  SEATRIAL_LOG_LEVEL: z
    .enum(
      ['trace', 'debug', 'info', 'warn', 'error', 'silent'],
      'must be trace, debug, info, warn, error or silent',
    )
    .default('info')
    .describe('The least severe log lines that are written: trace, debug, info, warn, error or silent.'),
} as const;

const schema = z.object(ENVIRONMENT).superRefine((env, context) => {
  if (env.SEATRIAL_LAB_MAX_MINUTES < env.SEATRIAL_LAB_TTL_MINUTES) {
    context.addIssue({
      code: 'custom',
      path: ['SEATRIAL_LAB_MAX_MINUTES'],
      message: 'must not be less than SEATRIAL_LAB_TTL_MINUTES',
    });
  }
});

/** The settings, parsed; optional ones are absent or set. */
export type Env = z.output<typeof schema>;

/** Some variables cannot be used; `problems` has one line for each, `NAME: what is wrong`. */
export class InvalidEnvironment extends Error {
  constructor(readonly problems: string[]) {
    super(`These settings cannot be used:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'InvalidEnvironment';
  }
}

/** Reads all settings at once. An empty variable counts as absent. Throws `InvalidEnvironment` naming every bad one. */
export function readEnvironment(source: Record<string, string | undefined> = process.env): Env {
  const present = Object.fromEntries(
    Object.entries(source).filter(([, value]) => value !== undefined && value !== ''),
  );
  const result = schema.safeParse(present);
  if (result.success) return result.data;
  throw new InvalidEnvironment(
    result.error.issues.map((issue) => `${String(issue.path[0])}: ${issue.message}`),
  );
}

/** What programs started by this one may see: how to find commands and speak the user's language, no secret. */
export function childEnvironment(): Record<string, string> {
  const kept = ['PATH', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR'];
  return Object.fromEntries(kept.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}
