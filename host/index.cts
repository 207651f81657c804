// Deputy for programs in CommonJS: the same modules by require(), which Node.js can since 20.19.
export * from './index.js';
