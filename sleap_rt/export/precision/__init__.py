"""Networks in float16 and int8, inside graphs that stay float32 around them."""
