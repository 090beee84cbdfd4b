// A program that removes each of its arguments, for images that have no `rm`: static, without a library, a file system or a shell.
// For every argument: unlink it; if that fails for another reason than that it is gone, rmdir it. Exit status 1 when something stayed.

/** Machine code per architecture as the engine names it; the sources stand beside. */
const CODE: Readonly<Record<string, { readonly machine: number; readonly code: string }>> = {
  // mov (%rsp),%r12; lea 8(%rsp),%r13; xor %ebx,%ebx
  // next: dec %r12; jle done; add $8,%r13; mov (%r13),%rdi; mov $87,%eax (unlink); syscall; test %eax,%eax; jz next; cmp $-2,%eax; je next
  //       mov $84,%eax (rmdir); syscall; test %eax,%eax; jz next; cmp $-2,%eax; je next; mov $1,%ebx; jmp next
  // done: mov $60,%eax (exit); mov %ebx,%edi; syscall
  x86_64: {
    machine: 62,
    code: '4c8b24244c8d6c240831db49ffcc7e2f4983c508498b7d00b8570000000f0585c074e883f8fe74e3b8540000000f0585c074d883f8fe74d3bb01000000ebccb83c00000089df0f05',
  },
  // ldr x19,[sp]; add x20,sp,#8; mov w21,#0
  // next: subs x19,x19,#1; b.le done; ldr x1,[x20,#8]!; mov x0,#-100; mov x2,#0; mov x8,#35 (unlinkat); svc #0; cbz x0,next; cmn x0,#2; b.eq next
  //       mov x0,#-100; mov x2,#0x200 (AT_REMOVEDIR); svc #0; cbz x0,next; cmn x0,#2; b.eq next; mov w21,#1; b next
  // done: mov w0,w21; mov x8,#93 (exit); svc #0
  aarch64: {
    machine: 183,
    code:
      'f30340f9f423009115008052730600f12d020054818e40f8600c8092020080d2680480d2010000d420ffffb41f0800b1' +
      'e0feff54600c8092024080d2010000d460feffb41f0800b120feff5435008052efffff17e003152aa80b80d2010000d4',
  },
};
const NAMES: Readonly<Record<string, string>> = { amd64: 'x86_64', arm64: 'aarch64' };

/** Where the program is loaded; anything that leaves the lowest pages alone will do. */
const ADDRESS = 0x400000n;
const [EHDR, PHDR] = [64, 56];

/** The program as a file; undefined for an architecture it was not written for. */
export function removerProgram(architecture: string): Buffer | undefined {
  const found = CODE[NAMES[architecture] ?? architecture];
  if (found === undefined) return undefined;
  const code = Buffer.from(found.code, 'hex');
  const head = Buffer.alloc(EHDR + PHDR);
  const size = BigInt(head.length + code.length);
  // ELF header: 64 bit, little endian, version 1; an executable with one segment (elf(5)).
  head.write('\u007fELF\u0002\u0001\u0001', 0, 'latin1');
  head.writeUInt16LE(2, 16);
  head.writeUInt16LE(found.machine, 18);
  head.writeUInt32LE(1, 20);
  head.writeBigUInt64LE(ADDRESS + BigInt(head.length), 24);
  head.writeBigUInt64LE(BigInt(EHDR), 32);
  head.writeUInt16LE(EHDR, 52);
  head.writeUInt16LE(PHDR, 54);
  head.writeUInt16LE(1, 56);
  // Its segment: the whole file, to be read and run, aligned to the largest pages that arm64 kernels use.
  head.writeUInt32LE(1, EHDR);
  head.writeUInt32LE(5, EHDR + 4);
  head.writeBigUInt64LE(ADDRESS, EHDR + 16);
  head.writeBigUInt64LE(ADDRESS, EHDR + 24);
  head.writeBigUInt64LE(size, EHDR + 32);
  head.writeBigUInt64LE(size, EHDR + 40);
  head.writeBigUInt64LE(0x10000n, EHDR + 48);
  return Buffer.concat([head, code]);
}
