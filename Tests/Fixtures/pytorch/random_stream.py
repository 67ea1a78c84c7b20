"""The draws of `RandomStream` (Sources/Tensors/RandomStream.swift): Philox 4×32 with ten rounds."""

OBJECTIVE = 6  # RandomStream.Purpose.objective
WORD = 0xFFFFFFFF


class RandomStream:
    def __init__(self, seed, purpose, epoch=0, sample=0, view=0):
        self.key = [seed & WORD, seed >> 32 & WORD]
        self.counter = [0, sample & WORD, epoch & WORD, purpose << 16 | view & 0xFFFF]
        self.block = []

    def next32(self):
        if not self.block:
            x, k = list(self.counter), list(self.key)
            for _ in range(10):
                first, second = x[0] * 0xD2511F53, x[2] * 0xCD9E8D57
                x = [second >> 32 ^ x[1] ^ k[0], second & WORD, first >> 32 ^ x[3] ^ k[1], first & WORD]
                k = [k[0] + 0x9E3779B9 & WORD, k[1] + 0xBB67AE85 & WORD]
            self.block = x
            self.counter[0] = self.counter[0] + 1 & WORD
        return self.block.pop(0)

    def integer(self, bound):
        """Below `bound`, without bias."""
        threshold = (1 << 64) % bound
        while True:
            low = self.next32()
            product = (self.next32() << 32 | low) * bound
            if product & (1 << 64) - 1 >= threshold:
                return product >> 64

    def permutation(self, count):
        order = list(range(count))
        for last in range(count - 1, 0, -1):
            other = self.integer(last + 1)
            order[last], order[other] = order[other], order[last]
        return order
