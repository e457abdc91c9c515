"""All that knows Streamlit: what stands around every page, the parts that pages share, and a room for each page."""
