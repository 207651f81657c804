// Installs the system packages that the tests use, where that is allowed; says what to install elsewhere.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';

/** Debian package and a file that shows it is there. */
type Package = readonly [name: string, file: string];

export const packages: readonly Package[] = [
  ['openssl', '/usr/bin/openssl'],
  ['curl', '/usr/bin/curl'],
  // Mozilla's roots, of which npm run roots makes a file.
  ['ca-certificates', '/usr/share/ca-certificates/mozilla'],
  ['nginx-light', '/usr/sbin/nginx'],
  ['apache2-bin', '/usr/sbin/apache2'],
  ['gnutls-bin', '/usr/bin/gnutls-serv'],
  ['python3-cryptography-vectors', '/usr/lib/python3/dist-packages/cryptography_vectors/__init__.py'],
  ['redis-server', '/usr/bin/redis-server'],
  ['haproxy', '/usr/sbin/haproxy'],
  // Reads the rules of host/deploy.
  ['prometheus', '/usr/bin/promtool'],
  // Shows the operator's page.
  ['chromium', '/usr/bin/chromium'],
  // The one TLS library here that still speaks SSL 3.0.
  ['default-jdk-headless', '/usr/bin/javac'],
  // Browsers of text, as old devices' are.
  ['w3m', '/usr/bin/w3m'],
  ['lynx', '/usr/bin/lynx'],
  ['links2', '/usr/bin/links2'],
  // Filter lists, whole.
  [
    'webext-ublock-origin-chromium',
    '/usr/share/chromium/extensions/ublock-origin/assets/thirdparties/easylist/easylist.txt',
  ],
  // Parsers and document types that judge what is made for devices.
  ['libxml2-utils', '/usr/bin/xmllint'],
  ['opensp', '/usr/bin/onsgmls'],
  ['w3c-sgml-lib', '/usr/share/xml/w3c-sgml-lib/schema/dtd/REC-html32-19970114/HTML32.dtd'],
  // Servers of byte streams: SMTP, FTP, and TELNET behind stunnel.
  ['exim4-daemon-light', '/usr/sbin/exim4'],
  ['vsftpd', '/usr/sbin/vsftpd'],
  ['inetutils-telnetd', '/usr/sbin/telnetd'],
  ['stunnel4', '/usr/bin/stunnel4'],
  ['dovecot-imapd', '/usr/lib/dovecot/imap-login'],
  ['dovecot-pop3d', '/usr/lib/dovecot/pop3-login'],
  // For boards/linux, and to unpack the sources of its parts.
  ['gcc', '/usr/bin/gcc'],
  // The model of hand-over and take-back.
  ['spin', '/usr/bin/spin'],
  ['libc6-dev', '/usr/include/stdio.h'],
  ['xz-utils', '/usr/bin/xz'],
];

/**
 * Compiler, C library and emulator of the boards, and what the benchmark compiles its peers by: large, so they are asked
 * for by `--boards`.
 */
export const boardPackages: readonly Package[] = [
  ['gcc-arm-none-eabi', '/usr/bin/arm-none-eabi-gcc'],
  ['libnewlib-arm-none-eabi', '/usr/lib/arm-none-eabi/newlib/libc.a'],
  ['qemu-system-arm', '/usr/bin/qemu-system-arm'],
  // The other end of the Palm's serial line.
  ['libslirp-dev', '/usr/include/slirp/libslirp.h'],
  ['qemu-system-misc', '/usr/bin/qemu-system-riscv32'],
  ['gcc-riscv64-unknown-elf', '/usr/bin/riscv64-unknown-elf-gcc'],
  ['picolibc-riscv64-unknown-elf', '/usr/lib/picolibc/riscv64-unknown-elf/picolibc.specs'],
  // They must accept what npm run flash gives them.
  ['openocd', '/usr/bin/openocd'],
  ['dfu-util', '/usr/bin/dfu-suffix'],
  ['clang', '/usr/bin/clang'],
  // Its sanitizers and libFuzzer, for npm run fuzz.
  ['libclang-rt-14-dev', '/usr/lib/llvm-14/lib/clang/14.0.6/include/sanitizer/asan_interface.h'],
  ['lld', '/usr/bin/wasm-ld'],
  ['wasi-libc', '/usr/include/wasm32-wasi/string.h'],
  ['valgrind', '/usr/bin/valgrind'],
  // Translates the device program to C.
  ['wabt', '/usr/bin/wasm2c'],
];

export const missing = (wanted = packages) =>
  wanted.filter(([, file]) => !existsSync(file)).map(([name]) => name);

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const boards = process.argv.includes('--boards');
  const names = missing(boards ? [...packages, ...boardPackages] : packages);
  if (names.length > 0) {
    const root = process.getuid?.() === 0 && existsSync('/usr/bin/apt-get');
    if (!root) {
      console.error(`The tests need these Debian packages: apt-get install ${names.join(' ')}`);
      process.exit(1);
    }
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'inherit', env });
    const allow = startNoDaemons();
    try {
      const waiting = ['-o', 'DPkg::Lock::Timeout=300'];
      execFileSync('apt-get', [...waiting, 'install', '-y', '-qq', '--no-install-recommends', ...names], {
        stdio: 'inherit',
        env,
      });
    } finally {
      allow();
    }
  }
}

/** These are test servers, never daemons: packages ask this file before they start anything. The result removes it. */
function startNoDaemons() {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return () => {};
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  return () => rmSync(policy, { force: true });
}
