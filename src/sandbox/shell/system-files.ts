import { execFile } from 'node:child_process';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Who the learner is inside, and where things are; the same in every sandbox. */
export const LEARNER = { name: 'learner', uid: 1000, home: '/home/learner' } as const;
export const TOOLS_PATH = '/opt/bin';
export const RELAY_PATH = '/run/seatrial';
/** The address of the cluster as the shell sees it; one kubeconfig fits every sandbox. */
export const API_SERVER_URL = 'https://127.0.0.1:6443';

/** Of the host's /etc: what Debian's programs need to find their own parts. None of it is secret. */
const SHARED_ETC = ['alternatives', 'ld.so.cache', 'terminfo', 'ssl/certs', 'vim', 'nanorc'];

const PASSWD = `root:x:0:0:root:/root:/usr/sbin/nologin
${LEARNER.name}:x:${LEARNER.uid}:${LEARNER.uid}:Learner:${LEARNER.home}:/bin/bash
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
`;
const GROUP = `root:x:0:\n${LEARNER.name}:x:${LEARNER.uid}:\nnogroup:x:65534:\n`;
const HOSTS = '127.0.0.1 localhost lab\n::1 localhost lab\n';

const PROFILE =
  '[ -n "$PS1" ] && [ -r /etc/bash.bashrc ] && . /etc/bash.bashrc\n[ -r ~/.bashrc ] && . ~/.bashrc\n';

/** Without Debian's bash-completion package, kubectl's completion still needs the words of the line taken apart. */
const BASHRC = `[ -z "$PS1" ] && return
shopt -s checkwinsize histappend
HISTSIZE=10000 HISTFILESIZE=10000 HISTCONTROL=ignoredups
PS1='\\[\\e[1;34m\\]\\W\\[\\e[0m\\] \\$ '
alias ls='ls --color=auto' ll='ls -l' grep='grep --color=auto' k=kubectl
if [ -r /usr/share/bash-completion/bash_completion ]; then
  . /usr/share/bash-completion/bash_completion
else
  _get_comp_words_by_ref() { cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} words=("\${COMP_WORDS[@]}") cword=$COMP_CWORD; }
  __ltrim_colon_completions() { :; }
fi
for tool in kubectl helm; do
  [ -r "/etc/completion/$tool" ] && . "/etc/completion/$tool"
done
unset tool
declare -F __start_kubectl >/dev/null && complete -o default -F __start_kubectl k
`;

/**
 * Writes the sandboxes' /etc into `directory`, with the completions of the tools that are in `toolsDirectory`. Holds
 * nothing of the host; can be written again at any time.
 */
export async function writeSystemFiles(directory: string, toolsDirectory: string): Promise<void> {
  const files: Record<string, string> = {
    passwd: PASSWD,
    group: GROUP,
    hosts: HOSTS,
    hostname: 'lab\n',
    'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files\n',
    profile: PROFILE,
    'bash.bashrc': BASHRC,
  };
  await mkdir(join(directory, 'completion'), { recursive: true });
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(directory, name), text)));
  for (const path of await sharedSystemPaths()) await makeMountPoint(directory, path);
  await Promise.all(
    ['kubectl', 'helm'].map((tool) =>
      writeCompletion(join(directory, 'completion'), join(toolsDirectory, tool)),
    ),
  );
}

/** Paths below /etc of this host that are shown in the sandbox, relative to /etc. */
export async function sharedSystemPaths(): Promise<string[]> {
  const found = await Promise.all(SHARED_ETC.map((path) => exists(join('/etc', path))));
  return SHARED_ETC.filter((_, index) => found[index]);
}

async function makeMountPoint(directory: string, path: string): Promise<void> {
  const isFile = path === 'ld.so.cache' || path === 'nanorc';
  if (isFile) await writeFile(join(directory, path), '');
  else await mkdir(join(directory, path), { recursive: true });
}

async function writeCompletion(directory: string, tool: string): Promise<void> {
  if (!(await exists(tool))) return;
  const { stdout } = await run(tool, ['completion', 'bash'], {
    env: { HOME: '/nonexistent' },
    timeout: 20_000,
  });
  await writeFile(join(directory, tool.slice(tool.lastIndexOf('/') + 1)), stdout);
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );
