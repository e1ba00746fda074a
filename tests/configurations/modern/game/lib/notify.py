def chat_text(context):
    build = context['build']
    failed = [step['name'] for step in build.get('steps', []) if step['results'] not in (0, None)]
    text = '{builder} #{number:>4} {state}'.format(
        builder=build['builder']['name'], number=build['number'], state='failed' if failed else 'passed')
    return {'text': text + (': ' + ', '.join(failed) if failed else '')}
