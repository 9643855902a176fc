"""ONE FILE A WIRE FORMAT: bytes in, a `Reading` out. What is wrong with one item never harms the others."""
