/** What an operating system's base image brings: commands that just-bash has (`tools`), our programs, and files. */
export interface BaseSystem {
  /** How its `sh` reports what it cannot find. */
  shell: 'bash' | 'dash' | 'busybox' | undefined;
  toolFolder: string;
  tools: string[];
  programs: Record<string, string>;
  files: Record<string, string>;
}

const CORE = (
  'cat chmod cp cut date dirname basename du echo env expr false find fold grep egrep fgrep head ln ls md5sum mkdir mv ' +
  'nl od paste printenv printf pwd readlink rm rmdir sed seq sha1sum sha256sum sort split stat tac tee test touch ' +
  'tr true uniq wc which xargs base64 comm expand unexpand gzip gunzip zcat timeout awk diff yes join'
).split(' ');

const OWN_TOOLS = {
  sleep: 'sleep',
  tail: 'tail',
  hostname: 'hostname',
  id: 'id',
  whoami: 'whoami',
  uname: 'uname',
  df: 'df',
  kill: 'kill',
  tar: 'tar',
  tty: 'tty',
};
const NETWORK_TOOLS = { wget: 'wget', nslookup: 'nslookup', nc: 'nc', ping: 'ping', ip: 'ip' };
const PROCESS_TOOLS = { ps: 'ps', free: 'free', mount: 'mount' };

const inFolder = (folder: string, programs: Record<string, string>) =>
  Object.fromEntries(Object.entries(programs).map(([name, program]) => [folder + name, program]));

const PASSWD =
  'root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n';
const GROUP = 'root:x:0:\ndaemon:x:1:\nnogroup:x:65534:\n';

export const BASE_SYSTEMS: Record<'debian' | 'alpine' | 'busybox' | 'none', BaseSystem> = {
  debian: {
    shell: 'dash',
    toolFolder: '/usr/bin/',
    tools: CORE,
    programs: {
      ...inFolder('/usr/bin/', { ...OWN_TOOLS }),
      '/bin/sh': 'sh',
      '/bin/bash': 'bash',
      '/usr/bin/bash': 'bash',
      '/usr/bin/sh': 'sh',
    },
    files: {
      '/etc/os-release':
        'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nVERSION="12 (bookworm)"\nVERSION_CODENAME=bookworm\nID=debian\nHOME_URL="https://www.debian.org/"\nSUPPORT_URL="https://www.debian.org/support"\nBUG_REPORT_URL="https://bugs.debian.org/"\n',
      '/etc/debian_version': '12.11\n',
      '/etc/passwd': `${PASSWD}www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n`,
      '/etc/group': `${GROUP}www-data:x:33:\n`,
    },
  },
  alpine: {
    shell: 'busybox',
    toolFolder: '/bin/',
    tools: CORE,
    programs: {
      ...inFolder('/bin/', { ...OWN_TOOLS, ...NETWORK_TOOLS, ...PROCESS_TOOLS }),
      '/bin/sh': 'sh',
      '/bin/busybox': 'busybox',
    },
    files: {
      '/etc/os-release':
        'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.22.0\nPRETTY_NAME="Alpine Linux v3.22"\nHOME_URL="https://alpinelinux.org/"\nBUG_REPORT_URL="https://gitlab.alpinelinux.org/alpine/aports/-/issues"\n',
      '/etc/alpine-release': '3.22.0\n',
      '/etc/passwd': PASSWD,
      '/etc/group': GROUP,
    },
  },
  busybox: {
    shell: 'busybox',
    toolFolder: '/bin/',
    tools: CORE,
    programs: {
      ...inFolder('/bin/', { ...OWN_TOOLS, ...NETWORK_TOOLS, ...PROCESS_TOOLS, httpd: 'busybox-httpd' }),
      '/bin/sh': 'sh',
      '/bin/busybox': 'busybox',
    },
    files: { '/etc/passwd': PASSWD, '/etc/group': GROUP },
  },
  none: {
    shell: undefined,
    toolFolder: '/bin/',
    tools: [],
    programs: {},
    files: { '/etc/passwd': PASSWD, '/etc/group': GROUP },
  },
};
