import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { Mask } from '../src/mask/mask.js';

const isThere = (tool: string): boolean => spawnSync('/bin/sh', ['-c', `command -v ${tool}`]).status === 0;

/** For each tool, scripts that print the secret `$T` in different ways. */
const scripts: Readonly<Record<string, readonly string[]>> = {
  base64: [
    'printf "user:%s" "$T" | base64',
    'printf "%s:x" "$T" | base64 -w 20',
    'echo "password for the machine is $T" | base64 -w 0',
  ],
  xxd: ['printf "user:%s" "$T" | xxd -p', 'printf "%s" "$T" | xxd -p -u -c 7'],
  od: ['printf "%s" "$T" | od -An -v -tx1'],
  openssl: ['printf "user:%s" "$T" | openssl base64'],
  bash: [
    'bash -xc \': "$T"; x=$T; curl() { :; }; curl -H "Authorization: $T"\' 2>&1',
    'bash -c \'printf "%q\\n" "$T"; declare -p T\'',
    'LC_ALL=C bash -xc \': "$T"\' 2>&1',
  ],
  dash: ['dash -xc \': "$T"; x=$T; export T; export -p | grep T\' 2>&1'],
  busybox: ['busybox sh -xc \': "$T"; x=$T\' 2>&1', 'printf "user:%s" "$T" | busybox base64'],
  fold: ['printf "the token is %s, keep it\\n" "$T" | fold -w 30'],
  jq: ['jq -rn --arg t "$T" \'$t | @json, @uri, @html, @base64, @sh\'', 'jq -an --arg t "$T" \'$t\''],
  node: [
    'node -p \'const t = process.env.T; [encodeURIComponent(t), encodeURI(t), new URLSearchParams({ t }), JSON.stringify(t)].join("\\n")\'',
  ],
  python3: [
    'python3 -c "import os, json, urllib.parse as u, shlex, html; t = os.environ[\'T\']; print(json.dumps(t), json.dumps(t, ensure_ascii=False), u.quote(t), u.quote_plus(t), shlex.quote(t), html.escape(t), repr(t), t.encode(), sep=chr(10))"',
  ],
  perl: ['perl -MMIME::Base64 -e \'print encode_base64("user:$ENV{T}")\''],
};

/** They contain what encoders escape, and are long enough to be folded. */
const secrets = [
  'gh-R4nd0m/Tok+en_with=many&chars<0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVW',
  'it\'s "quoted" \\ and größer > 42; $HOME `x` %2F',
];

describe('secrets in what programs tell of them', () => {
  for (const [tool, lines] of Object.entries(scripts)) {
    for (const script of lines) {
      if (!isThere(tool)) {
        it.skip(`cannot be tried: ${tool} is not installed`);
        continue;
      }
      it(`are covered: ${script}`, () => {
        for (const secret of secrets) {
          const env = { ...process.env, T: secret };
          const output = spawnSync('/bin/sh', ['-c', script], { env, encoding: 'utf8' }).stdout;
          const told = new Mask([secret]).text(output);
          expect(told, output).to.contain('***');
          // Most of the secret is gone, and every part of eight characters.
          expect(told.replaceAll('***', '').length, told).to.be.at.most(output.length - secret.length);
          for (let at = 0; at + 8 <= secret.length; at += 1) {
            const part = secret.slice(at, at + 8);
            for (const written of [part, Buffer.from(part).toString('hex')]) expect(told).not.to.contain(written);
            // The base64 digits of the part, for each alignment.
            for (const before of ['', 'x', 'xx']) {
              const inner = Buffer.from(before + part)
                .toString('base64')
                .slice(before.length + 1, -4);
              expect(told.replaceAll(/\s/g, '')).not.to.contain(inner);
            }
          }
        }
      });
    }
  }
});
