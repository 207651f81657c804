export function imageSize(file: string): { flash: number; ram: number };
