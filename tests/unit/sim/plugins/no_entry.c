/* SPDX-License-Identifier: BSD-3-Clause */
/* A library, but no mediator. */
#include <stdint.h>

uint32_t ffa_mediator_other_symbol(void);
uint32_t ffa_mediator_other_symbol(void) { return 1; }
