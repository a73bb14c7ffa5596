"""The client for asyncio. The client for threads, in ``_sync``, is generated from it: edit here, then ``npm run
gen``.
"""
