// SPDX-License-Identifier: BSD-3-Clause OR GPL-2.0-only
// Shares 2,048 pages, of which no two are neighbours, with the SP `memory_user` through Linux's FF-A driver, lets the SP look
// at them and write to them, and takes them back. What it says is read by tests/linux/check.
#include <linux/arm_ffa.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/scatterlist.h>

#define BLOCKS 4
#define BLOCK_ORDER 10
#define SHARED_OF_BLOCK (1 << (BLOCK_ORDER - 1))
#define SHARED (BLOCKS * SHARED_OF_BLOCK)

// Requests of a memory_user, docs/software-sps.md.
enum { retrieve = 0x11, relinquish, read_word, write_word, checksum, count_pages, count_ranges };

static struct page *blocks[BLOCKS];

/* Every second page of each block. */
static struct page *shared_page(unsigned int n)
{
	return blocks[n / SHARED_OF_BLOCK] + 2 * (n % SHARED_OF_BLOCK);
}

static u64 fill(void)
{
	u64 sum = 0;
	unsigned int n, word;

	for (n = 0; n < SHARED; n++) {
		u64 *words = page_address(shared_page(n));

		for (word = 0; word < PAGE_SIZE / 8; word++) {
			words[word] = ((u64)n << 32 | word) * 0x9e3779b97f4a7c15;
			sum ^= words[word];
		}
	}
	return sum;
}

/* One request: the SP's status, or a negative error. */
static int ask(struct ffa_device *sp, u32 operation, u64 handle, u64 offset, u64 value, u64 *result)
{
	struct ffa_send_direct_data data = {
		.data0 = operation,
		.data1 = (u32)handle,
		.data2 = handle >> 32,
		.data3 = offset,
		.data4 = value,
	};
	int error = sp->ops->msg_ops->sync_send_receive(sp, &data);

	if (!error && data.data0)
		error = -EREMOTEIO;
	if (error)
		pr_err("ffa-share: request %#x: %d, status %#lx\n", operation, error, data.data0);
	else if (result)
		*result = (u32)data.data1 | (u64)data.data2 << 32;
	return error;
}

/* What the SP finds in what was shared with it, and what Linux then finds there. */
static int use(struct ffa_device *sp, u64 handle, u64 sum)
{
	u64 pages, ranges, seen;
	u32 *last = page_address(shared_page(SHARED - 1));
	int error = ask(sp, retrieve, handle, 0, 0, NULL);

	if (!error)
		error = ask(sp, count_pages, handle, 0, 0, &pages);
	if (!error)
		error = ask(sp, count_ranges, handle, 0, 0, &ranges);
	if (!error)
		error = ask(sp, checksum, handle, 0, 0, &seen);
	if (!error)
		error = ask(sp, write_word, handle, SHARED * PAGE_SIZE - 4, 0x600dcafe, NULL);
	if (!error)
		error = ask(sp, relinquish, handle, 0, 0, NULL);
	if (error)
		return error;
	pr_info("ffa-share: the SP has %llu pages in %llu ranges, checksum %s, its word %s\n", pages, ranges,
		seen == sum ? "right" : "wrong", last[PAGE_SIZE / 4 - 1] == 0x600dcafe ? "seen" : "not seen");
	return 0;
}

static int share(struct ffa_device *sp)
{
	struct ffa_mem_region_attributes borrower = { .receiver = sp->vm_id, .attrs = FFA_MEM_RW };
	struct ffa_mem_ops_args args = { .use_txbuf = true, .attrs = &borrower, .nattrs = 1 };
	struct sg_table table;
	struct scatterlist *at;
	unsigned int n;
	u64 sum = fill();
	int error = sg_alloc_table(&table, SHARED, GFP_KERNEL);

	if (error)
		return error;
	for_each_sg(table.sgl, at, SHARED, n)
		sg_set_page(at, shared_page(n), PAGE_SIZE, 0);
	args.sg = table.sgl;
	error = sp->ops->mem_ops->memory_share(&args);
	if (error) {
		pr_err("ffa-share: memory_share: %d\n", error);
	} else {
		pr_info("ffa-share: %u pages shared with %#x, handle %#llx\n", SHARED, sp->vm_id, args.g_handle);
		error = use(sp, args.g_handle, sum);
		if (!error)
			error = sp->ops->mem_ops->memory_reclaim(args.g_handle, 0);
		if (!error)
			pr_info("ffa-share: reclaimed\n");
	}
	sg_free_table(&table);
	return error;
}

static int share_probe(struct ffa_device *sp)
{
	unsigned int n;
	int error = 0;

	for (n = 0; n < BLOCKS; n++) {
		blocks[n] = alloc_pages(GFP_KERNEL, BLOCK_ORDER);
		if (!blocks[n])
			error = -ENOMEM;
	}
	if (!error)
		error = share(sp);
	// What the SP may still have is not given to anybody else.
	for (n = 0; n < BLOCKS && !error; n++)
		__free_pages(blocks[n], BLOCK_ORDER);
	return error;
}

/* As the world of the test has it: scenarios of tests/linux. */
static const struct ffa_device_id share_ids[] = {
	{ UUID_INIT(0x6d656d6f, 0x7279, 0x4075, 0x8e, 0x72, 0x20, 0x6f, 0x66, 0x20, 0x56, 0x4d) },
	{}
};
static struct ffa_driver share_driver = { .name = "ffa-share", .probe = share_probe, .id_table = share_ids };
module_ffa_driver(share_driver);

MODULE_DESCRIPTION("Shares scattered pages with a secure partition");
MODULE_LICENSE("Dual BSD/GPL");
