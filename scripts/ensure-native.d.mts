export const cargo: string;
export function hostTarget(): string;
