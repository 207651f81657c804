// The client as an ordinary program, with the sockets of the operating system: for development and sanitizers.

export const name = 'linux';
export const title = 'this machine, POSIX sockets';

export const compiler = process.env.CC ?? 'gcc';
export const cpu = [];
export const packages = ['gcc'];
export const sources = [];
export const common = [];
export const clientSources = ['board.c', 'screen.c'];
export const clientCommon = [
  'posix/system.c',
  'posix/sockets.c',
  'posix/main.c',
  'posix/storage.c',
  'native_storage.c',
];
/** A file holds what it would show; letters are its keys. */
export const screen = true;
