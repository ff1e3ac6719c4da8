/* SPDX-License-Identifier: BSD-3-Clause */
/* Where everything lies on QEMU's `virt,secure=on,virtualization=on` board with 1 GiB of RAM. Plain
 * numbers: C++, assembly and linker scripts read this one file. docs/qemu.md draws it. */
#ifndef FFA_QEMU_VIRT_MEMORY_MAP_H
#define FFA_QEMU_VIRT_MEMORY_MAP_H

/* GICv3: distributor, and the first CPU's redistributor. */
#define GICD 0x08000000
#define GICR 0x080a0000

/* Secure flash: the firmware file, which holds the images of EL3 and S-EL1. */
#define FLASH 0x00000000
/* Secure RAM, into which the first instructions copy them. */
#define EL3_RAM 0x0e000000
#define EL3_RAM_BYTES 0x00100000
/* Where a CPU that is off looks for its first instruction at EL3; 0: it stays off. */
#define EL3_MAILBOX 0x0e0ffff8
#define SEL1_RAM 0x0e100000
#define SEL1_RAM_BYTES 0x00f00000
/* Non-secure RAM; QEMU's device tree lies in its first MiB. */
#define DEVICE_TREE 0x40000000
#define DEVICE_TREE_BYTES 0x00100000
#define EL2_RAM 0x40200000
#define EL2_RAM_BYTES 0x01e00000
#define PACKAGE 0x42000000
#define PACKAGE_BYTES 0x04000000
/* The world's RAM, the only part that a VM's stage 2 maps as the VM's own. */
#define WORLD_RAM 0x48000000
#define WORLD_RAM_BYTES 0x10000000
/* EL2's own: pages that hold stage-2 tables; the slots, programs' stacks of the vCPUs. */
#define STAGE2_TABLES 0x58000000
#define STAGE2_TABLES_BYTES 0x04000000
#define GUEST_SLOTS 0x5c000000
#define GUEST_SLOTS_BYTES 0x00010000
#define GUEST_STACKS 0x5c100000
#define GUEST_STACK_BYTES 0x00010000
#define GUEST_STACKS_COUNT 32
/* Memory that the mediator is handed, and the record of the run. */
#define MEDIATOR_MEMORY 0x60000000
#define MEDIATOR_MEMORY_BYTES 0x10000000
#define RECORD 0x70000000
#define RECORD_BYTES 0x10000000

/* The board's first UART: where a BL33 payload speaks until the device tree has named one. */
#define UART 0x09000000

/* What a guest program runs in: IPAs that no scenario uses and the mediator never sees. */
#define WINDOW_IPA 0x7000000000
#define WINDOW_BYTES 0x0040000000
#define GUEST_IMAGE_IPA 0x7000000000
#define GUEST_IMAGE_BYTES 0x00100000
#define GUEST_STACKS_IPA 0x7010000000
#define GUEST_SLOTS_IPA 0x7020000000
#define GUEST_PACKAGE_IPA 0x7030000000

/* HVC immediates of a guest program to EL2; 0 is a call of the guest's own. */
#define HVC_CALL 0
#define HVC_STEP 0x4601
#define HVC_DUMP 0x4602
#define HVC_FAULT 0x4603
#define HVC_END 0x4604
#define HVC_MALFORMED 0x4605
#define HVC_CRASH 0x4606

#endif
