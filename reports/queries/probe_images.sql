-- One row per dataset, probe and pictured image at one size: what the maps of attention are of.
-- key: dataset, probe, sample_id, height, width
select
    runs.dataset,
    images.probe,
    images.sample_id,
    images.height,
    images.width,
    arg_min(images.n_channels, images.run_id) as n_channels,
    arg_min(images.pixels, images.run_id) as pixels
from probe_images as images
inner join staging.runs as runs on images.run_id = runs.run_id
group by runs.dataset, images.probe, images.sample_id, images.height, images.width
order by runs.dataset, images.probe, images.sample_id, images.height, images.width
