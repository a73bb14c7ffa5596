"""How requests travel: over httpx2 where it is installed, else over the standard library.

Both ways have one shape, for threads and for asyncio alike::

    connections.send(request, deadline) -> response     # raises Broken, TimeoutError or Closed
    connections.pause(seconds)                          # raises Closed as soon as close() is called
    connections.close()                                 # ends all that is under way, from any thread
    response.status, response.headers                   # names in lower case
    response.read()                                     # all of it, by the deadline of its request
    response.chunks(deadline, silence)                  # as it comes; TimeoutError after so many silent seconds
    response.close()
"""
