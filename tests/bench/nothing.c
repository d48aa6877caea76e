/* SPDX-License-Identifier: Apache-2.0 */
/* A runtime that costs nothing, so that what is measured is what stands before it. */
int main(void)
{
	return 0;
}
