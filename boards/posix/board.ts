// The client by POSIX.1-2001 alone: the profile PSE52 (IEEE 1003.13) with sockets, which VxWorks RTPs and QNX Neutrino offer.
// Here it runs on this machine; test/boards/posix lists each function of the system that it calls.

export const name = 'posix';
export const title = 'POSIX.1-2001 with sockets, on this machine';

export const compiler = process.env.CC ?? 'gcc';
/** No libc has to tell the size of a block of memory. */
export const cpu = ['-D_POSIX_C_SOURCE=200112L', '-DDEPUTY_SIZED_BLOCKS'];
export const packages = ['gcc'];
export const sources = [];
export const common = [];
export const clientSources = ['board.c'];
export const clientCommon = ['posix/system.c', 'posix/sockets.c', 'posix/main.c'];
